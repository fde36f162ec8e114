"""The first convolution of EfficientNet-Lite, from bytes: 3 x 3 with stride 2, with its bias and ReLU6."""

import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.activation import apply_relu6
from videoxception.engine.kernels.lite_weights import Stem
from videoxception.engine.kernels.places import place, tap
from videoxception.engine.kernels.product import INTERPRETED, dot
from videoxception.engine.kernels.tiles import block_tiles


def stem(frames: Tensor, weights: Stem, out: Tensor) -> None:
    """Compute `out` (N, ceil(H / 2), ceil(W / 2), K) from `frames` uint8 (N, H, W, 3)."""
    _, height, width, _ = frames.shape
    tiles, pixels = block_tiles(), out[..., 0].numel()
    stem_kernel[(triton.cdiv(pixels, tiles.lanes),)](
        frames,
        weights.centre,
        weights.gain,
        weights.weight,
        weights.bias,
        out,
        pixels,
        height,
        width,
        out.shape[-1],
        tiles.lanes,
        INTERPRETED,
        num_warps=tiles.warps,
        num_stages=1,
    )


@triton.jit(do_not_specialize=["pixels"])
def stem_kernel(
    frames,
    centre,
    gain,
    weight,
    bias,
    out,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    channels: tl.constexpr,
    lanes: tl.constexpr,
    upcast: tl.constexpr,
):
    """Compute `lanes` pixels in each program: a product of rows of 27 bytes, and five zeros, with the weights."""
    pixel = tl.program_id(0) * lanes + tl.arange(0, lanes)
    alive = pixel < pixels
    image, y, x = place(pixel, (height + 1) // 2, (width + 1) // 2)
    number = tl.arange(0, 32)  # of a tap and a colour
    colour = number % 3
    source, inside = tap(
        image[:, None],
        y[:, None],
        x[:, None],
        (number // 9)[None, :],
        (number // 3 % 3)[None, :],
        alive[:, None] & (number < 27)[None, :],
        height,
        width,
        3,
        2,
    )
    byte = tl.load(frames + source * 3 + colour[None, :], mask=inside, other=0).to(tl.float32)
    value = (byte - tl.load(centre + colour)[None, :]) * tl.load(gain + colour)[None, :]
    rows = tl.where(inside, value, 0.0).to(out.dtype.element_ty)
    column = tl.arange(0, channels)
    matrix = tl.load(weight + number[:, None] * channels + column[None, :])
    sums = dot(rows, matrix, None, upcast) + tl.load(bias + column)[None, :]
    output = apply_relu6(sums).to(out.dtype.element_ty)
    target = out + pixel.to(tl.int64)[:, None] * channels + column[None, :]
    tl.store(target, output, mask=alive[:, None])
