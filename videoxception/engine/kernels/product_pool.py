"""The product across channels of a block, with its bias, ReLU and the 2 x 2 maximum that follows."""

import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.product import INTERPRETED, multiply
from videoxception.engine.kernels.tiles import ProductTiles, product_tiles


def product_pool(pairs: Tensor, weight: Tensor, bias: Tensor, pooled: Tensor, tiles: ProductTiles | None = None) -> None:
    """Writes the x of the next pair into the last half of the channels of `pooled` (N, T, H // 2, W // 2, 2K).

    Of `pairs` (N, T, H, W, D), `weight` (D, K) of the same type and `bias` f32 (K).
    """
    clips, pictures, height, width, depth = pairs.shape
    channels = weight.shape[1]
    tiles = tiles or product_tiles(pairs.dtype)
    pixels = clips * pictures * (height // 2) * (width // 2)
    grid = (triton.cdiv(pixels, tiles.rows // 4) * (channels // tiles.columns),)
    product_pool_kernel[grid](
        pairs,
        weight,
        bias,
        pooled,
        pixels,
        height,
        width,
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
    depth: tl.constexpr,
    channels: tl.constexpr,
    rows: tl.constexpr,
    columns: tl.constexpr,
    step: tl.constexpr,
    upcast: tl.constexpr,
):
    """A program makes `rows` / 4 of all `pixels` pooled pixels, and `columns` of their channels.

    Columns change fastest from program to program, so that those that share rows run together. The four pixels under a pooled one are the rows that differ in bit 3 and in the highest bit. On tensor cores a
    thread holds just these itself (as long as there are 32 rows a warp), and the maximum needs no exchange.
    """
    column_tiles: tl.constexpr = channels // columns
    tile = tl.program_id(0) // column_tiles
    column = tl.program_id(0) % column_tiles * columns + tl.arange(0, columns)
    row = tl.arange(0, rows)
    pixel = tile * (rows // 4) + row % (rows // 2) // 16 * 8 + row % 8
    image, y, x = _place(pixel, height // 2, width // 2)
    y, x = 2 * y + row // (rows // 2), 2 * x + row // 8 % 2
    starts = pairs + image.to(tl.int64) * (height * width * depth) + (y * width + x) * depth
    sums = multiply(starts, pixel < pixels, weight, column, depth, channels, step, upcast)

    best = tl.max(tl.max(tl.reshape(sums, (2, rows // 32, 2, 8, columns)), 2), 0)
    best = tl.reshape(best, (rows // 4, columns)) + tl.load(bias + column)[None, :]
    pixel = tile * (rows // 4) + tl.arange(0, rows // 4)
    target = pooled + pixel.to(tl.int64)[:, None] * (2 * channels) + (channels + column)[None, :]
    tl.store(target, tl.maximum(best, 0.0).to(pooled.dtype.element_ty), mask=(pixel < pixels)[:, None])


@triton.jit
def _place(pixel, height: tl.constexpr, width: tl.constexpr):
    """(image, y, x) of pixels that are counted through images of height x width."""
    return pixel // (height * width), pixel // width % height, pixel % width
