"""Each Triton kernel, and all of them in a row, against float64 PyTorch: on a GPU, or by Triton's interpreter."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.norms import stirred
from videoxception import nets
from videoxception.clip import ClipSpec
from videoxception.engine.kernels.first_block import first_block
from videoxception.engine.kernels.head import head
from videoxception.engine.kernels.network import FusedNetwork, check_supported
from videoxception.engine.kernels.pairs import Pairs
from videoxception.engine.kernels.product_mean import empty_sums, product_mean
from videoxception.engine.kernels.product_pool import product_pool
from videoxception.engine.kernels.separable import separable
from videoxception.engine.kernels.weights import Depthwise, First
from videoxception.nets.background import join_background
from videoxception.nets.fused_norms import FusedVideoXception
from videoxception.nets.served import Served
from videoxception.nets.videoxception import VideoXception

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
SHORT_B = ((64, 128, 512, 1024), (3, 3, 7, 7))  # widths and kernels


@pytest.fixture(params=TOLERANCE, ids=["f32", "bf16"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return request.param


def drawn(*shape: int, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    rng = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=rng).to(device, dtype)


def drawn_frames(*shape: int, device: torch.device) -> Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(3)).to(device)


def drawn_pairs(clips: int, frames: int, height: int, width: int, channels: int, border: int, like: Tensor) -> Pairs:
    """Pairs whose x is drawn, and whose h was never written."""
    shape = (clips, frames, height, width, channels)
    pairs = Pairs.empty(shape, border, like.dtype, like.device)
    pairs.x.copy_(drawn(*shape, device=like.device))
    pairs.h.fill_(torch.nan)
    return pairs


def drawn_depthwise(channels: int, kernel: int, device: torch.device) -> Depthwise:
    return Depthwise(
        drawn(kernel * kernel, channels, device=device) / kernel,
        drawn(channels, device=device),
        drawn(kernel, channels, device=device),
        drawn(channels, device=device),
    )


def check(found: Tensor, expected: Tensor, dtype: torch.dtype) -> None:
    """The relative error, which a number that was never written makes NaN."""
    assert found.shape == expected.shape
    assert (found.double() - expected).norm() / expected.norm() < TOLERANCE[dtype]


def depthwise_reference(x: Tensor, weights: Depthwise) -> Tensor:
    """float64 (N, C, T, H, W) -> the same."""
    k, half, channels = weights.kernel, weights.kernel // 2, x.shape[1]
    spatial = weights.spatial.T.double().reshape(channels, 1, 1, k, k)
    temporal = weights.temporal.T.double().reshape(channels, 1, k, 1, 1)
    y = F.conv3d(x, spatial, weights.spatial_bias.double(), padding=(0, half, half), groups=channels).relu()
    return F.conv3d(y, temporal, weights.temporal_bias.double(), padding=(half, 0, 0), groups=channels).relu()


def product_reference(h: Tensor, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Rows (..., C), twice, -> (..., K), float64."""
    return (torch.cat([h, x], -1).double() @ weight.double() + bias.double()).relu()


@pytest.mark.parametrize(
    ("clips", "frames", "height", "width", "channels", "kernel"),
    [(2, 4, 8, 16, 128, 3), (3, 3, 5, 7, 64, 3), (1, 1, 2, 2, 64, 3), (3, 4, 4, 4, 64, 7), (1, 2, 2, 3, 32, 7)],
)
def test_separable(
    clips: int,
    frames: int,
    height: int,
    width: int,
    channels: int,
    kernel: int,
    dtype: torch.dtype,
    kernel_device: torch.device,
) -> None:
    like = torch.empty(0, dtype=dtype, device=kernel_device)
    pairs = drawn_pairs(clips, frames, height, width, channels, kernel // 2, like)
    weights = drawn_depthwise(channels, kernel, kernel_device)
    before = pairs.x.clone()
    separable(pairs, weights)
    expected = depthwise_reference(pairs.x.permute(0, 4, 1, 2, 3).double(), weights)
    check(pairs.h, expected.permute(0, 2, 3, 4, 1), dtype)
    assert torch.equal(pairs.x, before)
    pairs.h.zero_()
    pairs.x.zero_()
    assert not pairs.data.any()  # the border is as it was


@pytest.mark.parametrize(("height", "width", "borders"), [(8, 8, (1, 1)), (7, 9, (1, 3)), (3, 2, (3, 0))])
def test_product_pool(
    height: int, width: int, borders: tuple[int, int], dtype: torch.dtype, kernel_device: torch.device
) -> None:
    like = torch.empty(0, dtype=dtype, device=kernel_device)
    pairs = drawn_pairs(3, 2, height, width, 64, borders[0], like)
    pairs.h.copy_(drawn(3, 2, height, width, 64, device=kernel_device).relu())
    weight, bias = drawn(128, 128, device=kernel_device, dtype=dtype) / 10, drawn(128, device=kernel_device)
    pooled = Pairs.empty((3, 2, height // 2, width // 2, 128), borders[1], dtype, kernel_device)
    pooled.x.fill_(torch.nan)
    product_pool(pairs, weight, bias, pooled)
    product = product_reference(pairs.h, pairs.x, weight, bias).flatten(0, 1).permute(0, 3, 1, 2)
    expected = F.max_pool2d(product, 2).permute(0, 2, 3, 1)
    check(pooled.x.flatten(0, 1), expected, dtype)
    pooled.x.zero_()
    assert not pooled.data.any()


@pytest.mark.parametrize(("frames", "size"), [(2, 4), (5, 7)])
def test_product_mean(frames: int, size: int, dtype: torch.dtype, kernel_device: torch.device) -> None:
    like = torch.empty(0, dtype=dtype, device=kernel_device)
    pairs = drawn_pairs(2, frames, size, size, 64, 1, like)
    pairs.h.copy_(drawn(2, frames, size, size, 64, device=kernel_device).relu())
    weight, bias = drawn(128, 128, device=kernel_device, dtype=dtype) / 10, drawn(128, device=kernel_device)
    partial = empty_sums(2, frames * size * size, 128, dtype, kernel_device).fill_(torch.nan)
    product_mean(pairs, weight, bias, partial)
    expected = product_reference(pairs.h, pairs.x, weight, bias).sum((1, 2, 3))
    check(partial.sum(1), expected, torch.float32)


@pytest.mark.parametrize("classes", [5, 16])
def test_head(classes: int, kernel_device: torch.device) -> None:
    partial = drawn(3, 4, 128, device=kernel_device)
    weight, bias = drawn(classes, 128, device=kernel_device), drawn(classes, device=kernel_device)
    logits = torch.full((3, classes), torch.nan, device=kernel_device)
    head(partial, 50, weight, bias, 0, logits)
    expected = partial.double().sum(1) / 50 @ weight.double().T + bias.double()
    check(logits, expected, torch.float32)


@pytest.mark.parametrize("others", [1, 4, 21])
def test_head_of_a_network_with_others(others: int, kernel_device: torch.device) -> None:
    partial = drawn(3, 4, 128, device=kernel_device)
    weight, bias = drawn(5 + others, 128, device=kernel_device), 100 * drawn(5 + others, device=kernel_device)
    logits = torch.full((4, 6), torch.nan, device=kernel_device)  # a row more than is written
    head(partial, 50, weight, bias, others, logits[:3])
    expected = partial.double().sum(1) / 50 @ weight.double().T + bias.double()
    check(logits[:3], join_background(expected, others), torch.float32)
    assert logits[3].isnan().all()


@pytest.mark.parametrize(("clips", "frames", "height", "width"), [(2, 3, 16, 12), (3, 1, 7, 9), (1, 4, 2, 2)])
def test_first_block(
    clips: int, frames: int, height: int, width: int, dtype: torch.dtype, kernel_device: torch.device
) -> None:
    shown = drawn_frames(clips, frames, height, width, 3, device=kernel_device)
    weight = F.pad(drawn(6, 64, device=kernel_device), (0, 0, 0, 10)).to(dtype)
    weights = First(
        drawn(3, 3, device=kernel_device) / 100,
        drawn(3, device=kernel_device),
        drawn_depthwise(3, 3, kernel_device),
        weight,
        drawn(64, device=kernel_device),
    )
    pooled = Pairs.empty((clips, frames, height // 2, width // 2, 64), 1, dtype, kernel_device)
    pooled.x.fill_(torch.nan)
    first_block(shown, weights, pooled)
    x = shown.double() @ weights.affine.double().T + weights.affine_bias.double()
    h = depthwise_reference(x.permute(0, 4, 1, 2, 3), weights.depthwise).permute(0, 2, 3, 4, 1)
    product = product_reference(h, x, weight[:6], weights.bias).flatten(0, 1).permute(0, 3, 1, 2)
    check(pooled.x.flatten(0, 1), F.max_pool2d(product, 2).permute(0, 2, 3, 1), dtype)


def trained(name: str = "a") -> VideoXception:
    """A network of real widths whose batch norms have seen something: type A, B, or B without its middle blocks."""
    torch.manual_seed(0)
    net = VideoXception(16, *SHORT_B) if name == "short b" else nets.create(f"videoxception-{name}", 16)
    assert isinstance(net, VideoXception)
    return stirred(net)


@pytest.mark.parametrize(
    ("name", "clips", "frames", "size", "others"),
    [
        ("a", 3, 3, 8, 0),
        ("a", 2, 1, 16, 9),
        ("short b", 1, 1, 8, 0),
        pytest.param("b", 1, 1, 64, 0, marks=pytest.mark.slow),
    ],
)
def test_whole_networks(
    name: str, clips: int, frames: int, size: int, others: int, dtype: torch.dtype, kernel_device: torch.device
) -> None:
    spec = ClipSpec(frames=frames, size=(size, size))
    net = trained(name)
    shown = drawn_frames(clips, *spec.shape, device=kernel_device)
    fused = FusedNetwork(FusedVideoXception(net, spec, others), spec.shape, clips, dtype, kernel_device)
    logits = torch.full((clips, fused.outputs), torch.nan, device=kernel_device)
    fused.run(shown, logits)
    with torch.inference_mode():
        expected = Served(net, spec, others).double().eval()(shown.cpu())
    check(logits.cpu(), expected, dtype)


@torch.no_grad()
def whole_numbers() -> FusedVideoXception:
    """A type A with fused norms whose weights are -1, 0 and 1, few enough that activations stay below 256.

    All that it computes for small bytes is exact in f32 and bf16, in whatever order sums are taken. With other weights
    only rounding tells a clip alone from a clip beside others: a row of NumPy's matrix product, which Triton's
    interpreter multiplies by, differs in its last bit from place to place on CPUs without AVX-512.
    """
    rng = torch.Generator().manual_seed(0)
    net = FusedVideoXception(trained(), ClipSpec())
    for parameter in net.parameters():
        signs = torch.randint(-1, 2, parameter.shape, generator=rng)
        kept = torch.rand(parameter.shape, generator=rng) < 4 / parameter[0].numel()
        parameter.copy_(signs * kept)
    return net


def test_neighbours_and_earlier_batches_do_not_change_an_answer(
    dtype: torch.dtype, kernel_device: torch.device
) -> None:
    net, shape = whole_numbers(), (2, 8, 8, 3)
    fused = FusedNetwork(net, shape, 3, dtype, kernel_device)
    shown = drawn_frames(3, *shape, device=kernel_device) % 4
    together, alone = torch.empty(3, 16, device=kernel_device), torch.empty(1, 16, device=kernel_device)
    fused.run(shown, together)
    assert torch.equal(together.cpu(), net(shown.cpu()))
    for clip, row in zip(shown, together, strict=True):
        fused.run(clip[None], alone)
        assert torch.equal(alone[0], row)


def test_what_the_kernels_were_not_written_for_is_refused() -> None:
    narrow = FusedVideoXception(VideoXception(4, (6, 8), (3, 5)).eval(), ClipSpec())
    with pytest.raises(ValueError, match=r"but got \[6, 8\]"):
        check_supported(narrow, (10, 128, 128, 3))
    with pytest.raises(ValueError, match="4 x 128 pixels vanish"):
        check_supported(FusedVideoXception(trained(), ClipSpec()), (10, 4, 128, 3))
    with pytest.raises(ValueError, match="but got Flatten"):
        check_supported(nn.Flatten(), (10, 128, 128, 3))
