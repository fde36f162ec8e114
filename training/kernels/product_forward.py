"""Forward: a block's product across channels, with its shortcut, ReLU and 2 x 2 maximum."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from training.kernels.shape import COLUMNS, POOLED, Shape
from videoxception.engine.kernels.product import INTERPRETED, dot


def product_forward(h: Tensor, x: Tensor, weight: Tensor, bias: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """Multiply h, x (pixels, C) by weight (2C, K), add bias f32 (K) -> pooled (pixels / 4, K), argmax uint8 0 to 3."""
    channels = weight.shape[1]
    pooled = h.new_empty(shape.pixels // 4, channels)
    winners = torch.empty_like(pooled, dtype=torch.uint8)
    grid = (triton.cdiv(len(pooled), POOLED), channels // COLUMNS)
    product_forward_kernel[grid](
        h,
        x,
        weight,
        bias,
        pooled,
        winners,
        len(pooled),
        shape.height,
        shape.width,
        shape.channels,
        channels,
        shape.depth,
        POOLED,
        COLUMNS,
        INTERPRETED,
        num_stages=2,
    )
    return pooled, winners


@triton.jit(do_not_specialize=["pixels"])
def product_forward_kernel(
    h,
    x,
    weight,
    bias,
    pooled,
    winners,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    depth: tl.constexpr,
    channels: tl.constexpr,
    step: tl.constexpr,
    lanes: tl.constexpr,
    columns: tl.constexpr,
    upcast: tl.constexpr,
):
    """Compute `lanes` of all `pixels` pooled pixels, and `columns` of their channels, in each program."""
    pixel = tl.program_id(0) * lanes + tl.arange(0, lanes)
    column = tl.program_id(1) * columns + tl.arange(0, columns)
    alive = pixel < pixels
    biases = tl.load(bias + column)[None, :]
    sums = (tl.zeros((lanes, columns), tl.float32),) * 4
    sums = _multiply(sums, h, pixel, alive, weight, column, height, width, depth, channels, step, upcast)
    below = weight + depth * channels
    sums = _multiply(sums, x, pixel, alive, below, column, height, width, depth, channels, step, upcast)
    best, winner = sums[0], tl.zeros((lanes, columns), tl.int32)
    for q in tl.static_range(1, 4):
        winner = tl.where(sums[q] > best, q, winner)
        best = tl.maximum(best, sums[q], propagate_nan=tl.PropagateNan.ALL)
    best += biases
    here = pixel.to(tl.int64)[:, None] * channels + column[None, :]
    tl.store(
        pooled + here,
        tl.maximum(best, 0.0, propagate_nan=tl.PropagateNan.ALL).to(pooled.dtype.element_ty),
        mask=alive[:, None],
    )
    tl.store(winners + here, winner.to(tl.uint8), mask=alive[:, None])


@triton.jit
def under(pixel, q: tl.constexpr, height: tl.constexpr, width: tl.constexpr):
    """Return the number of the q-th of the four pixels under a pooled one, both counted through all frames; int64."""
    row, column = pixel // (width // 2), pixel % (width // 2)  # of pooled pixels; frames are whole rows
    return (2 * row + q // 2).to(tl.int64) * width + 2 * column + q % 2


@triton.jit
def _multiply(
    sums,
    rows,
    pixel,
    alive,
    weight,
    column,
    height: tl.constexpr,
    width: tl.constexpr,
    depth: tl.constexpr,
    channels: tl.constexpr,
    step: tl.constexpr,
    upcast: tl.constexpr,
):
    """Add to four f32 (R, N) the rows (depth) of the four pixels under each pooled one times columns of `weight`."""
    for first in range(0, depth, step):
        along = first + tl.arange(0, step)
        known = along < depth
        right = tl.load(weight + along[:, None] * channels + column[None, :], mask=known[:, None], other=0.0)
        now = ()
        for q in tl.static_range(4):
            there = rows + under(pixel, q, height, width)[:, None] * depth + along[None, :]
            left = tl.load(there, mask=alive[:, None] & known[None, :], other=0.0)
            now = now + (dot(left, right, sums[q], upcast),)
        sums = now
    return sums
