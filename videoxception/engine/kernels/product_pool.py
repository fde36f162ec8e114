"""The product across channels of a block, with its bias, ReLU and the 2 x 2 maximum that follows."""

import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.pairs import Pairs
from videoxception.engine.kernels.places import own_tile, place
from videoxception.engine.kernels.product import INTERPRETED, multiply
from videoxception.engine.kernels.tiles import ProductTiles, product_tiles


def product_pool(pairs: Pairs, weight: Tensor, bias: Tensor, pooled: Pairs, tiles: ProductTiles | None = None) -> None:
    """Compute the x of `pooled` (N, T, H // 2, W // 2, K) from the h and x of `pairs` (N, T, H, W, C).

    `weight` (2C, K), in the type of the pairs; `bias` f32 (K).
    """
    _, _, height, width, _ = pairs.shape
    depth, channels = weight.shape
    tiles = tiles or product_tiles(weight.dtype)
    pixels = pooled.x[..., 0].numel()
    grid = (triton.cdiv(pixels, tiles.rows // 4) * (channels // tiles.columns),)
    product_pool_kernel[grid](
        pairs.data,
        weight,
        bias,
        pooled.data,
        pixels,
        height,
        width,
        pairs.border,
        pooled.border,
        depth,
        channels,
        tiles.rows,
        tiles.columns,
        tiles.step,
        INTERPRETED,
        num_warps=tiles.warps,
        num_stages=tiles.stages,
    )


@triton.jit(do_not_specialize=["pixels"])
def product_pool_kernel(
    pairs,
    weight,
    bias,
    pooled,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    border: tl.constexpr,
    pooled_border: tl.constexpr,
    depth: tl.constexpr,
    channels: tl.constexpr,
    rows: tl.constexpr,
    columns: tl.constexpr,
    step: tl.constexpr,
    upcast: tl.constexpr,
):
    """Compute `columns` channels of `rows` / 4 of the `pixels` pooled pixels in each program.

    The four pixels of a pooled one are the rows that differ in bit 3 and in the highest bit. On tensor cores one thread
    holds exactly these four (with 32 rows a warp), so that the maximum needs no exchange between threads.
    """
    tile, column = own_tile(channels // columns, columns)
    row = tl.arange(0, rows)
    pixel = tile * (rows // 4) + row % (rows // 2) // 16 * 8 + row % 8
    image, y, x = place(pixel, height // 2, width // 2)
    y, x = 2 * y + row // (rows // 2), 2 * x + row // 8 % 2
    starts = pairs + _offset(image, y, x, height, width, border) * depth
    sums = multiply(starts, pixel < pixels, weight, column, depth, channels, step, upcast)

    best = tl.max(tl.max(tl.reshape(sums, (2, rows // 32, 2, 8, columns)), 2), 0)
    best = tl.reshape(best, (rows // 4, columns)) + tl.load(bias + column)[None, :]
    pixel = tile * (rows // 4) + tl.arange(0, rows // 4)
    image, y, x = place(pixel, height // 2, width // 2)
    target = pooled + _offset(image, y, x, height // 2, width // 2, pooled_border) * (2 * channels)
    output = tl.maximum(best, 0.0).to(pooled.dtype.element_ty)
    tl.store(target[:, None] + (channels + column)[None, :], output, mask=(pixel < pixels)[:, None])


@triton.jit
def _offset(image, y, x, height: tl.constexpr, width: tl.constexpr, border: tl.constexpr):
    """Return the numbers of pixels in bordered images: int64, as `image` is, since a large batch has over 2**31."""
    within = (y + border) * (width + 2 * border) + x + border
    return image * ((height + 2 * border) * (width + 2 * border)) + within
