"""Backward: from the gradient of the pooled pixels to those of both inputs and of the weight.

The gradient before the maximum is never written: it is the pooled one at the largest pixel, and zero at three others.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from training.kernels.product_forward import under
from training.kernels.shape import COLUMNS, POOLED, Shape
from videoxception.engine.kernels.product import INTERPRETED, dot

_CHUNK = 4096  # pooled pixels that a program of the weight's gradient goes through


def inputs_backward(g: Tensor, pooled: Tensor, winners: Tensor, weight: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """Return the gradients of h and x (pixels, C), from that of `pooled` (pixels / 4, K) and weight (2C, K)."""
    channels = weight.shape[1]
    dh, dx = g.new_empty(shape.pixels, shape.channels), g.new_empty(shape.pixels, shape.channels)
    grid = (triton.cdiv(len(pooled), POOLED), triton.cdiv(shape.channels, shape.depth), 2)
    inputs_backward_kernel[grid](
        g,
        pooled,
        winners,
        weight,
        dh,
        dx,
        len(pooled),
        shape.height,
        shape.width,
        shape.channels,
        channels,
        POOLED,
        shape.depth,
        COLUMNS,
        INTERPRETED,
        num_warps=8,
        num_stages=2,
    )
    return dh, dx


def weight_backward(g: Tensor, pooled: Tensor, winners: Tensor, h: Tensor, x: Tensor, shape: Shape) -> Tensor:
    """Return f32 (programs, 2C, K): sums that make the gradient of the weight."""
    channels = g.shape[1]
    chunk = min(_CHUNK, triton.cdiv(len(pooled), POOLED) * POOLED)
    programs = triton.cdiv(len(pooled), chunk)
    sums = torch.empty(programs, 2 * shape.channels, channels, dtype=torch.float32, device=g.device)
    grid = (programs, channels // COLUMNS, 2 * triton.cdiv(shape.channels, shape.depth))
    weight_backward_kernel[grid](
        g,
        pooled,
        winners,
        h,
        x,
        sums,
        len(pooled),
        shape.height,
        shape.width,
        shape.channels,
        channels,
        chunk,
        POOLED,
        shape.depth,
        COLUMNS,
        INTERPRETED,
        num_stages=2,
    )
    return sums


@triton.jit(do_not_specialize=["pixels"])
def inputs_backward_kernel(
    g,
    pooled,
    winners,
    weight,
    dh,
    dx,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    depth: tl.constexpr,
    channels: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
    step: tl.constexpr,
    upcast: tl.constexpr,
):
    """Compute `block` channels of the pixels under `lanes` pooled ones, of h or (in the second layer) of x."""
    pixel = tl.program_id(0) * lanes + tl.arange(0, lanes)
    channel = tl.program_id(1) * block + tl.arange(0, block)
    part = tl.program_id(2)
    alive, known = (pixel < pixels)[:, None], channel < depth
    sums = (tl.zeros((lanes, block), tl.float32),) * 4
    for first in range(0, channels, step):
        column = first + tl.arange(0, step)
        here = pixel.to(tl.int64)[:, None] * channels + column[None, :]
        passed = tl.load(pooled + here, mask=alive, other=0.0) > 0
        gradient = tl.load(g + here, mask=alive, other=0.0)
        winner = tl.load(winners + here, mask=alive, other=0)
        turned = tl.load(
            weight + (part * depth + channel)[None, :] * channels + column[:, None], mask=known[None, :], other=0.0
        )
        now = ()
        for q in tl.static_range(4):
            own = tl.where(passed & (winner == q), gradient, 0.0)
            now = now + (dot(own, turned, sums[q], upcast),)
        sums = now
    target = dh if part == 0 else dx
    for q in tl.static_range(4):
        there = target + under(pixel, q, height, width)[:, None] * depth + channel[None, :]
        tl.store(there, sums[q].to(dh.dtype.element_ty), mask=alive & known[None, :])


@triton.jit(do_not_specialize=["pixels"])
def weight_backward_kernel(
    g,
    pooled,
    winners,
    h,
    x,
    sums,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    depth: tl.constexpr,
    channels: tl.constexpr,
    chunk: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
    columns: tl.constexpr,
    upcast: tl.constexpr,
):
    """Sum (block, columns) of the gradient over `chunk` pooled pixels in each program, `lanes` at a time."""
    part, tile = tl.program_id(2) % 2, tl.program_id(2) // 2
    channel = tile * block + tl.arange(0, block)
    column = tl.program_id(1) * columns + tl.arange(0, columns)
    known = channel < depth
    source = h if part == 0 else x
    total = tl.zeros((block, columns), tl.float32)
    for first in range(0, chunk, lanes):
        pixel = tl.program_id(0) * chunk + first + tl.arange(0, lanes)
        alive = pixel < pixels
        here = pixel.to(tl.int64)[:, None] * channels + column[None, :]
        passed = tl.load(pooled + here, mask=alive[:, None], other=0.0) > 0
        gradient = tl.load(g + here, mask=alive[:, None], other=0.0)
        winner = tl.load(winners + here, mask=alive[:, None], other=0)
        for q in tl.static_range(4):
            there = under(pixel, q, height, width)[None, :] * depth + channel[:, None]
            turned = tl.load(source + there, mask=alive[None, :] & known[:, None], other=0.0)
            own = tl.where(passed & (winner == q), gradient, 0.0)
            total = dot(turned, own, total, upcast)
    target = sums + (tl.program_id(0).to(tl.int64) * 2 + part) * depth * channels
    tl.store(target + channel[:, None] * channels + column[None, :], total, mask=known[:, None])
