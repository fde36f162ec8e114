"""The kernels of EfficientNet-Lite, and all of them in a row, against float64 PyTorch: on a GPU, or interpreted."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tests.norms import Net, stirred
from videoxception.clip import ClipSpec
from videoxception.engine.kernels.lite_network import LiteNetwork, block_steps, check_lite, lite_bytes_a_clip
from videoxception.engine.kernels.lite_weights import inverted_of
from videoxception.nets.efficientnet_lite import LITE0, LITE2, BlockSpec, ConvNorm, MBConv, Variant
from videoxception.nets.fused_norms import FusedVideoXceptionC
from videoxception.nets.served import Served
from videoxception.nets.videoxception_c import VideoXceptionC

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
WHOLE = {torch.float32: 1e-5, torch.bfloat16: 5e-2}


@pytest.fixture(params=TOLERANCE, ids=["f32", "bf16"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return request.param


def trained(net: Net) -> Net:
    """The network with batch norms by which ReLU6 cuts at both ends."""
    return stirred(net, highest_bias=3)


def fused_block(spec: BlockSpec) -> MBConv:
    block = trained(MBConv(spec))
    for module in block.modules():
        if isinstance(module, ConvNorm):
            module.conv, module.norm = fuse_conv_bn_eval(module.conv, module.norm), nn.Identity()
    return block


def check(found: Tensor, expected: Tensor, tolerance: float) -> None:
    """The relative error, which a number that was never written makes NaN."""
    assert found.shape == expected.shape
    assert (found.double().cpu() - expected).norm() / expected.norm() < tolerance


@pytest.mark.parametrize("one_pass", [True, False], ids=["one pass", "three kernels"])
@pytest.mark.parametrize(
    ("kernel", "stride", "expansion", "channels", "height", "width"),
    [
        (3, 1, 1, (32, 16), 6, 5),
        (3, 1, 6, (8, 8), 9, 7),  # residual
        (3, 2, 2, (16, 24), 8, 7),
        (5, 1, 2, (24, 24), 4, 3),  # residual
        (5, 2, 1, (24, 40), 7, 8),
        (5, 2, 2, (16, 80), 1, 2),
    ],
)
def test_block(
    kernel: int,
    stride: int,
    expansion: int,
    channels: tuple[int, int],
    height: int,
    width: int,
    one_pass: bool,
    dtype: torch.dtype,
    kernel_device: torch.device,
) -> None:
    torch.manual_seed(0)
    block = fused_block(BlockSpec(0, *channels, kernel, stride, expansion))
    x = torch.randn(3, height, width, channels[0]).to(kernel_device, dtype)
    weights = inverted_of(block, dtype, kernel_device, one_pass)
    sizes = (height, width), (-(-height // stride), -(-width // stride))
    wide, convolved = (torch.full((3, *size, block.hidden), torch.nan).to(x) for size in sizes)
    out = torch.full((4, *sizes[1], channels[1]), torch.nan).to(x)  # an image more than is written
    for step in block_steps(x, weights, wide, convolved, out[:3]):
        step()
    with torch.inference_mode():
        expected = deepcopy(block).double()(x.cpu().double().permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    check(out[:3], expected, TOLERANCE[dtype])
    assert out[3].isnan().all()


@pytest.mark.parametrize(
    ("variant", "clips", "frames", "height", "width", "auxiliary"),
    [
        (Variant(0.125, 0.5), 2, 2, 12, 9, 3),
        pytest.param(LITE0, 2, 3, 48, 48, 0, marks=pytest.mark.slow),
        pytest.param(LITE2, 1, 2, 36, 52, 9, marks=pytest.mark.slow),
    ],
)
def test_whole_networks(
    variant: Variant,
    clips: int,
    frames: int,
    height: int,
    width: int,
    auxiliary: int,
    dtype: torch.dtype,
    kernel_device: torch.device,
) -> None:
    torch.manual_seed(0)
    spec = ClipSpec(frames=frames, size=(height, width), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    net = trained(VideoXceptionC(variant, 5 + auxiliary, temporal=False))
    fused = LiteNetwork(FusedVideoXceptionC(net, spec, auxiliary), spec.shape, clips + 1, dtype, kernel_device)
    shown = torch.randint(0, 256, (clips, *spec.shape), dtype=torch.uint8)
    logits = torch.full((clips, fused.outputs), torch.nan, device=kernel_device)
    fused.run(shown.to(kernel_device), logits)
    with torch.inference_mode():
        expected = Served(net, spec, auxiliary).double().eval()(shown)
    check(logits, expected, WHOLE[dtype])


def test_what_the_kernels_were_not_written_for_is_refused() -> None:
    over_time = FusedVideoXceptionC(VideoXceptionC(Variant(0.25, 0.5), 5).eval(), ClipSpec())
    with pytest.raises(ValueError, match="without convolutions over time"):
        check_lite(over_time)
    with pytest.raises(ValueError, match="but got Flatten"):
        check_lite(nn.Flatten())


def test_the_buffers_of_a_clip_are_counted() -> None:
    net, shape = FusedVideoXceptionC(VideoXceptionC(LITE0, 5, temporal=False).eval(), ClipSpec()), (2, 64, 48, 3)
    fused = LiteNetwork(net, shape, 3, torch.bfloat16, torch.device("cpu"))
    buffers = [fused._stem, fused._wide, fused._convolved, *fused._outs]
    assert 3 * lite_bytes_a_clip(net, shape, torch.bfloat16) == sum(buffer.nbytes for buffer in buffers)
