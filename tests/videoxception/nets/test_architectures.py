"""What holds for every architecture; sizes against figures of their sources."""

import re
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from torch.nn import functional as F

from tests.videoxception.nets.small import EACH_KIND, parameters, small_clip, small_net
from training.export.openvino import export_graph
from videoxception import golden, nets
from videoxception.nets.cost import CLASSES, full_size_cost
from videoxception.nets.registry import ARCHITECTURES, clip_arguments, info
from videoxception.nets.served import Served

# Millions of parameters with 400 classes, as papers print them: tables 1 and 2 of arXiv 1711.11248 (but for R(2+1)D,
# whose mid-planes torchvision counts a block), table 1 of arXiv 2103.15691 (ViViT), table 1 of arXiv 1705.07750 (half
# of the two-stream I3D's 25), table 2 of arXiv 1811.08383 (ECO; ECO-Lite is a quarter of the ensemble's 150).
PRINTED = {
    "r3d_18": 33.4,
    "mc2_18": 11.4,
    "mc3_18": 11.7,
    "mc4_18": 12.7,
    "mc5_18": 16.9,
    "rmc2_18": 33.4,
    "rmc3_18": 33.1,
    "rmc4_18": 32.0,
    "rmc5_18": 27.9,
    "fr2d_18": 11.4,
    "r3d_34": 63.7,
    "vivit_base": 115.1,
    "i3d": 12.7,
    "eco_full": 47.5,
    "eco_lite": 37.5,
}
# Parameters, and thousand millions of multiply-adds of a clip, as torchvision publishes them with its weights.
TORCHVISION = {
    "r3d_18": (33_371_472, 40.697),
    "mc3_18": (11_695_440, 43.343),
    "r2plus1d_18": (31_505_325, 40.519),
    "s3d": (8_320_048, 17.979),
    "mvit_v2_s": (34_537_744, 64.224),
    "swin3d_t": (28_158_070, 43.882),
}
# C3D with 101 classes, with a bias behind each convolution where this one has the two numbers of a batch norm.
C3D_OF_UCF101, C3D_CHANNELS = 78_409_573, 64 + 128 + 2 * 256 + 4 * 512
# What acts in a last layer on other tokens than the class token, which alone is read there. MViTv2 has neither relative
# positions nor a pooling of the query for it, Mini-ViViT no convolution over its place.
OF_OTHER_TOKENS = {
    "mvit": r"blocks\.15\.attn\.(rel_pos_[hwt]|pool_q\.pool\.weight)",
    "mini_vivit": r"(spatial\.blocks\.1|temporal\.blocks\.0)\.layers\.0\.places\.(weight|bias)",
}


def slow_but(*quick: str) -> list[object]:
    """All architectures, of which only these are tried in every run of the tests."""
    assert set(quick) <= ARCHITECTURES.keys()
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in ARCHITECTURES]


@pytest.mark.parametrize("name", PRINTED)
def test_parameters_are_those_that_papers_print(name: str) -> None:
    assert round(parameters(name) / 1e6, 1) == PRINTED[name]


@pytest.mark.parametrize("name", TORCHVISION)
def test_parameters_are_those_that_torchvision_publishes(name: str) -> None:
    assert parameters(name) == TORCHVISION[name][0]


def test_parameters_of_c3d() -> None:
    fewer_classes = (CLASSES - 101) * (4096 + 1)
    assert parameters("c3d") - fewer_classes - C3D_CHANNELS == C3D_OF_UCF101


@pytest.mark.slow
@pytest.mark.parametrize("name", TORCHVISION)
def test_multiply_adds_are_those_that_torchvision_publishes(name: str) -> None:
    assert round(full_size_cost(name).multiply_adds / 1e9, 3) == TORCHVISION[name][1]


@pytest.mark.parametrize("name", slow_but("videoxception-a", "r2plus1d_18", "eco_full", "two_stream", "vivit_tiny"))
def test_a_full_size_clip_becomes_logits(name: str) -> None:
    clip = info(name).clip
    with torch.device("meta"):
        net = nets.create(name, 7, **clip_arguments(name, clip)).eval()
        assert net(torch.empty(2, 3, *clip.shape[:3])).shape == (2, 7)


@pytest.mark.parametrize("name", slow_but(*EACH_KIND))
def test_every_weight_is_learnt(name: str) -> None:
    """Every parameter that is trained has a gradient that moves it, but for what the class token does not see."""
    torch.manual_seed(0)
    net, clip = small_net(name).train(), small_clip(name)
    logits = net(torch.randn(3, 3, *clip.shape[:3]))
    assert logits.shape == (3, 4)
    F.cross_entropy(logits, torch.tensor([0, 1, 3])).backward()
    for parameter_name, parameter in net.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, parameter_name
            assert parameter.grad.isfinite().all(), parameter_name
        else:
            assert info(name).frozen
            assert parameter_name.startswith(f"{info(name).frozen}.")
    unmoved = {n for n, p in net.named_parameters() if p.grad is not None and not p.grad.abs().max() > 0}
    pattern = next((each for of, each in OF_OTHER_TOKENS.items() if of in name), r"(?!)")
    assert unmoved == {n for n, _ in net.named_parameters() if re.fullmatch(pattern, n)}


@pytest.mark.parametrize("name", slow_but("r2d_18", "i3d", "vivit_tiny", "mini_vivit_tiny"))
def test_eight_clips_are_learnt_by_heart(name: str) -> None:
    torch.manual_seed(0)
    net, clip = small_net(name).train(), small_clip(name)
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        elif isinstance(getattr(module, "dropout", None), float):
            module.dropout = 0.0
    clips, targets = torch.randn(8, 3, *clip.shape[:3]), torch.arange(8) % 4
    optimizer = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=2e-3)
    steps = 400 if info(name).frozen else 120  # features of a frozen network by chance differ little
    for _ in range(steps):
        loss = F.cross_entropy(net(clips), targets)
        if loss < 0.1:
            return
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimizer.step()
    pytest.fail(f"the loss is still {loss:.2f}")


@pytest.mark.parametrize("name", slow_but("cnn_lstm", "two_stream"))
def test_a_graph_gives_the_networks_logits(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    spec = small_clip(name)
    served = Served(small_net(name), spec).eval()
    clips = golden.draw(spec, 3, 2)
    with torch.inference_mode():
        expected = served.double()(torch.from_numpy(clips)).numpy()
    export_graph(served.float(), spec, tmp_path / "graph.xml")
    graph = ov.Core().compile_model(tmp_path / "graph.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = np.concatenate([graph([clip[None]])[0] for clip in clips])
    assert np.abs(found - expected).max() < 1e-3 * max(1.0, np.abs(expected).max())


def test_unknown_names_and_arguments_are_told() -> None:
    with pytest.raises(ValueError, match=r"no architecture is called 'resnet'; there are c3d, cnn_lstm, "):
        nets.create("resnet", 2)
    with pytest.raises(ValueError, match="mc3_18 takes no argument 'kind'; it takes dropout, width, frames"):
        nets.create("mc3_18", 2, kind="r3d")
    with pytest.raises(ValueError, match="slow_fusion spans 10 frames, but clips have 8"):
        nets.create("slow_fusion", 2, frames=8)
