"""The last product across channels, with its bias, ReLU or ReLU6, and the sums that the average pool needs."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.pairs import Pairs
from videoxception.engine.kernels.places import own_tile
from videoxception.engine.kernels.product import INTERPRETED, multiply
from videoxception.engine.kernels.tiles import ProductTiles, product_tiles


def empty_sums(clips: int, pixels: int, channels: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Allocate the `partial` that `product_mean` computes from clips of so many pixels of the type `dtype`."""
    tiles = triton.cdiv(pixels, product_tiles(dtype, pixels).rows)
    return torch.empty((clips, tiles, channels), device=device)


def product_mean(
    pairs: Pairs,
    weight: Tensor,
    bias: Tensor,
    partial: Tensor,
    tiles: ProductTiles | None = None,
    relu6: bool = False,
) -> None:
    """Compute `partial` f32 (N, ceil(T * H * W / rows), K): sums over up to `tiles.rows` pixels of a clip each.

    The input is h and x of `pairs` (N, T, H, W, C); `weight` (2C, K), in the type of the pairs, which rows of zeros may
    fill up to a multiple of `tiles.step`; `bias` f32 (K).
    """
    _, frames, height, width, _ = pairs.shape
    depth, channels = pairs.data.shape[-1], weight.shape[1]
    tiles = tiles or product_tiles(weight.dtype, frames * height * width)
    grid = (partial.shape[0] * partial.shape[1] * (channels // tiles.columns),)
    product_mean_kernel[grid](
        pairs.data,
        weight,
        bias,
        partial,
        frames,
        height,
        width,
        pairs.border,
        depth,
        channels,
        tiles.rows,
        tiles.columns,
        tiles.step,
        relu6,
        INTERPRETED,
        num_warps=tiles.warps,
        num_stages=tiles.stages,
    )


@triton.jit
def product_mean_kernel(
    pairs,
    weight,
    bias,
    partial,
    frames: tl.constexpr,
    height: tl.constexpr,
    width: tl.constexpr,
    border: tl.constexpr,
    depth: tl.constexpr,
    channels: tl.constexpr,
    rows: tl.constexpr,
    columns: tl.constexpr,
    step: tl.constexpr,
    relu6: tl.constexpr,
    upcast: tl.constexpr,
):
    """Sum `columns` channels over `rows` pixels of a clip in each program; no tile spans two clips."""
    pixels: tl.constexpr = frames * height * width
    tiles: tl.constexpr = (pixels + rows - 1) // rows
    line: tl.constexpr = (width + 2 * border) * depth
    image: tl.constexpr = (height + 2 * border) * line
    tile, column = own_tile(channels // columns, columns)
    clip = tile // tiles
    pixel = tile % tiles * rows + tl.arange(0, rows)
    y, x = pixel // width % height + border, pixel % width + border
    starts = pairs + clip.to(tl.int64) * (frames * image) + (pixel // (height * width) * image + y * line + x * depth)
    sums = multiply(starts, pixel < pixels, weight, column, depth, channels, step, upcast)
    output = tl.maximum(sums + tl.load(bias + column)[None, :], 0.0)
    if relu6:
        output = tl.minimum(output, 6.0)
    total = tl.sum(tl.where((pixel < pixels)[:, None], output, 0.0), 0)
    tl.store(partial + tile.to(tl.int64) * channels + column, total)
