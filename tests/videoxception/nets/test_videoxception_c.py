"""VideoXception C and D: what they add to EfficientNet-Lite, what they cost, and that they can be exported."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from tests.pretrained import weights_or_skip
from training.export.openvino import export_graph
from videoxception import nets
from videoxception.clip import ClipSpec
from videoxception.nets.efficientnet_lite import LITE0, EfficientNetLite
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.served import Served
from videoxception.nets.videoxception_c import TemporalConv, VideoXceptionC


def moving(net: VideoXceptionC) -> VideoXceptionC:
    """With kernels over time that look at neighbouring frames."""
    torch.manual_seed(1)
    for module in net.modules():
        if isinstance(module, TemporalConv):
            torch.nn.init.normal_(module.weight, 0.3, 0.2)
    return net


def clips(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def net() -> VideoXceptionC:
    torch.manual_seed(0)
    built = nets.create("videoxception-c", 4, auxiliary=3, shift=0.0)
    assert isinstance(built, VideoXceptionC)
    return built.eval()


@torch.inference_mode()
def test_kernels_over_time_that_begin_as_the_identity_change_nothing(net: VideoXceptionC) -> None:
    """Not even a bit, also of a clip that moves."""
    without = nets.create("videoxception-c", 4, auxiliary=3, temporal=False).eval()
    without.load_state_dict({name: value for name, value in net.state_dict().items() if ".temporal." not in name})
    x = clips(2, 3, 5, 64, 64)
    assert torch.equal(net(x), without(x))
    assert not torch.equal(moving(nets.create("videoxception-c", 7)).eval()(x), without(x))


@torch.inference_mode()
@pytest.mark.parametrize("shift", [0.0, 0.25])
def test_at_the_start_a_still_clip_gets_the_logits_of_the_network_of_frames(shift: float) -> None:
    """Up to the rounding of a mean of ten equal numbers."""
    weights = weights_or_skip("lite0")
    frame_net, clip_net = EfficientNetLite(LITE0, 1000).eval(), VideoXceptionC(LITE0, 1000, shift=shift).eval()
    frame_net.load_state_dict(weights)
    missing, unexpected = clip_net.load_state_dict(weights, strict=False)
    assert not unexpected
    assert {name.split(".")[2] for name in missing} == {"temporal"}
    x = clips(2, 3, 128, 128)
    still = x.unsqueeze(2).expand(-1, -1, 10, -1, -1)
    torch.testing.assert_close(clip_net(still), frame_net(x), atol=2e-5, rtol=0)


def test_a_share_of_the_channels_begins_as_a_shift() -> None:
    x = 6 * clips(2 * 3, 8, 4, 5)
    y, x = TemporalConv(8, shift=0.5)(x, 3).view(2, 3, 8, 4, 5), x.view(2, 3, 8, 4, 5)
    assert torch.equal(y[:, :, [0, 2]], x[:, [0, 0, 1]][:, :, [0, 2]])  # what lies a frame before
    assert torch.equal(y[:, :, [1, 3]], x[:, [1, 2, 2]][:, :, [1, 3]])  # what lies behind
    assert torch.equal(y[:, :, 4:], x[:, :, 4:])


@pytest.mark.parametrize("shift", [-0.1, 1.1])
def test_a_share_of_the_channels_is_from_0_to_1(shift: float) -> None:
    with pytest.raises(ValueError, match="shift is a share of the channels, from 0 to 1"):
        TemporalConv(8, shift)


def test_a_kernel_over_time_repeats_the_first_and_the_last_frame() -> None:
    conv = TemporalConv(2)
    conv.weight.data.copy_(torch.tensor([[1.0, 0, 0], [0, 0, 1]]).view(2, 1, 3, 1))  # the frame before, the one after
    x = 6 * clips(2 * 3, 2, 4, 5)
    y, x = conv(x, 3).view(2, 3, 2, 4, 5), x.view(2, 3, 2, 4, 5)
    assert torch.equal(y[:, :, 0], x[:, [0, 0, 1], 0])
    assert torch.equal(y[:, :, 1], x[:, [1, 2, 2], 1])


def test_kernels_over_time_are_in_the_last_three_stages(net: VideoXceptionC) -> None:
    late = [block.spec.stage for block in net.blocks if block.temporal is not None]
    assert late == [4] * 3 + [5] * 4 + [6]


@pytest.mark.parametrize(
    ("name", "shape", "parameters", "giga_macs"),
    [("videoxception-c", (10, 128, 128), 3_399_424, 1.26), ("videoxception-d", (5, 260, 260), 4_849_664, 4.31)],
)
def test_its_size_and_cost(name: str, shape: tuple[int, int, int], parameters: int, giga_macs: float) -> None:
    """Parameters without those of the head, 1,281 a class; multiplications of a clip."""
    with torch.device("meta"):
        built = nets.create(name, 16, auxiliary=85).eval()
        with FlopCounterMode(display=False) as counter:
            built(torch.empty(1, 3, *shape))
    assert sum(p.numel() for p in built.parameters()) == parameters + 101 * 1281
    assert round(counter.get_total_flops() / 2e9, 2) == giga_macs


@pytest.mark.parametrize("shape", [(1, 64, 96), (3, 33, 47), (2, 8, 8)], ids=str)
def test_any_length_and_size_fit(net: VideoXceptionC, shape: tuple[int, int, int]) -> None:
    assert net(clips(2, 3, *shape)).isfinite().all()
    assert net(clips(2, 3, *shape)).shape == (2, 7)


def test_every_parameter_learns() -> None:
    built = nets.create("videoxception-c", 3, dropout=0.1, stochastic_depth=0.1).train()
    torch.manual_seed(0)
    built(clips(4, 3, 3, 64, 64)).square().sum().backward()
    assert [name for name, p in built.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize(("name", "size"), [("videoxception-c", 64), ("videoxception-d", 65)])
def test_the_exported_graph_gives_the_same_numbers_in_any_batch(name: str, size: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    spec = ClipSpec(frames=3, size=(size, size))
    built = moving(nets.create(name, 4, auxiliary=3))
    torch.nn.init.normal_(built.head.weight, 0, 0.05)
    served = Served(built, spec, 3).eval()
    export_graph(fuse_norms(served, spec), spec, tmp_path / "graph.xml")
    frames = np.random.default_rng(0).integers(0, 256, (3, *spec.shape), np.uint8)
    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    graph = ov.compile_model(ov.Core().read_model(tmp_path / "graph.xml"), "CPU", hint)
    found, alone = graph([frames])[0].copy(), graph([frames[1:2]])[0]
    with torch.inference_mode():
        expected = served(torch.from_numpy(frames)).numpy()
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(alone[0], found[1], atol=1e-5)
