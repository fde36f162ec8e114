"""A depthwise convolution by itself, over space, with its bias and ReLU6."""

import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.activation import apply_relu6
from videoxception.engine.kernels.lite_weights import Taps
from videoxception.engine.kernels.places import own_tile, place, tap
from videoxception.engine.kernels.tiles import DepthwiseTiles, depthwise_tiles


def depthwise(x: Tensor, weights: Taps, out: Tensor, tiles: DepthwiseTiles | None = None) -> None:
    """Compute `out` (N, ceil(H / s), ceil(W / s), C) from `x` (N, H, W, C)."""
    _, height, width, channels = x.shape
    tiles, pixels = tiles or depthwise_tiles(), out[..., 0].numel()
    depthwise_kernel[(triton.cdiv(channels, tiles.block) * triton.cdiv(pixels, tiles.lanes),)](
        x,
        weights.weight,
        weights.bias,
        out,
        pixels,
        height,
        width,
        channels,
        len(weights.bias),
        weights.kernel,
        weights.stride,
        tiles.lanes,
        tiles.block,
        num_warps=tiles.warps,
        num_stages=1,
    )


@triton.jit(do_not_specialize=["pixels"])
def depthwise_kernel(
    x,
    taps,
    bias,
    out,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    channels: tl.constexpr,
    filled: tl.constexpr,
    kernel: tl.constexpr,
    stride: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
):
    """Compute `lanes` pixels and `block` channels in each program. `filled` is the number of channels in `taps`."""
    tile, channel = own_tile((channels + block - 1) // block, block)
    pixel = tile * lanes + tl.arange(0, lanes)
    image, row, column = place(pixel, (height + stride - 1) // stride, (width + stride - 1) // stride)
    alive, real = pixel < pixels, channel < channels
    sums = tl.load(bias + channel, mask=real, other=0.0)[None, :] + tl.zeros((lanes, block), tl.float32)
    for dy in tl.static_range(kernel):
        for dx in tl.static_range(kernel):
            source, inside = tap(image, row, column, dy, dx, alive, height, width, kernel, stride)
            starts = (x + source * channels)[:, None]
            value = tl.load(starts + channel[None, :], mask=inside[:, None] & real[None, :], other=0.0)
            weight = tl.load(taps + (dy * kernel + dx) * filled + channel, mask=real, other=0.0)
            sums += value.to(tl.float32) * weight[None, :]
    output = apply_relu6(sums).to(out.dtype.element_ty)
    target = out + pixel.to(tl.int64)[:, None] * channels + channel[None, :]
    tl.store(target, output, mask=alive[:, None] & real[None, :])
