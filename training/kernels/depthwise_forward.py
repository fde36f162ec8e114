"""Forward: both depthwise convolutions with the sums that their batch norms need, and the second one's activation."""

import torch
import triton
import triton.language as tl
from torch import Tensor

from training.kernels.rows import own_cells, row, store_row
from training.kernels.shape import TEMPORAL_WARPS, Shape


def spatial_forward(x: Tensor, taps: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """Convolve x (pixels, C) with taps f32 (k * k, C) -> (pixels, C).

    Also returns f32 (programs, 2, C): sums of the output, and of its squares.
    """
    y, programs = torch.empty_like(x), triton.cdiv(shape.pixels, shape.lanes)
    sums = x.new_empty(programs, 2, shape.channels, dtype=torch.float32)
    spatial_forward_kernel[(programs, triton.cdiv(shape.channels, shape.block))](
        x,
        taps,
        y,
        sums,
        shape.pixels,
        shape.height,
        shape.width,
        shape.channels,
        shape.kernel,
        shape.lanes,
        shape.block,
    )
    return y, sums


def temporal_forward(s: Tensor, scale: Tensor, shift: Tensor, taps: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """Convolve ReLU(s * scale + shift) of s (pixels, C) with taps f32 (k, C) -> (pixels, C), and sums as above."""
    y, programs = torch.empty_like(s), triton.cdiv(shape.places, shape.lanes)
    sums = s.new_empty(programs, 2, shape.channels, dtype=torch.float32)
    temporal_forward_kernel[(programs, triton.cdiv(shape.channels, shape.block))](
        s,
        scale,
        shift,
        taps,
        y,
        sums,
        shape.places,
        shape.frames,
        shape.height * shape.width,
        shape.channels,
        shape.kernel,
        shape.lanes,
        shape.block,
        num_warps=TEMPORAL_WARPS,
    )
    return y, sums


def activate(t: Tensor, scale: Tensor, shift: Tensor, shape: Shape) -> Tensor:
    """Return ReLU(t * scale + shift), (pixels, C)."""
    h = torch.empty_like(t)
    grid = (triton.cdiv(shape.pixels, shape.lanes), triton.cdiv(shape.channels, shape.block))
    activate_kernel[grid](t, scale, shift, h, shape.pixels, shape.channels, shape.lanes, shape.block)
    return h


@triton.jit(do_not_specialize=["pixels"])
def spatial_forward_kernel(
    x,
    taps,
    y,
    sums,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    channels: tl.constexpr,
    kernel: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
):
    """Process `lanes` pixels and `block` channels in each program."""
    half: tl.constexpr = kernel // 2
    pixel = tl.program_id(0).to(tl.int64) * lanes + tl.arange(0, lanes)
    channel = tl.program_id(1) * block + tl.arange(0, block)
    alive, known = pixel < pixels, (channel < channels)[None, :]
    line, column = pixel // width % height, pixel % width
    here = pixel[:, None] * channels + channel[None, :]
    total = tl.zeros((lanes, block), tl.float32)
    for dy in tl.static_range(-half, half + 1):
        for dx in tl.static_range(-half, half + 1):
            inside = alive & (line + dy >= 0) & (line + dy < height) & (column + dx >= 0) & (column + dx < width)
            there = tl.load(x + here + (dy * width + dx) * channels, mask=inside[:, None] & known, other=0.0)
            number = (dy + half) * kernel + dx + half
            total += there.to(tl.float32) * row(taps + number * channels, channel, channels)
    rounded = total.to(y.dtype.element_ty)
    tl.store(y + here, rounded, mask=alive[:, None] & known)
    total = rounded.to(tl.float32)  # zero where nothing is alive
    target = sums + tl.program_id(0).to(tl.int64) * 2 * channels
    store_row(target, channel, channels, tl.sum(total, 0))
    store_row(target + channels, channel, channels, tl.sum(total * total, 0))


@triton.jit(do_not_specialize=["places"])
def temporal_forward_kernel(
    s,
    scale,
    shift,
    taps,
    y,
    sums,
    places,
    frames: tl.constexpr,
    frame: tl.constexpr,
    channels: tl.constexpr,
    kernel: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
):
    """Walk through time with `lanes` pixels, of the frames of all clips in a row, each of `frame` pixels."""
    half: tl.constexpr = kernel // 2
    place, channel, alive = own_cells(places, channels, lanes, block)
    first = place // frame * (frames * frame) + place % frame
    here = first[:, None] * channels + channel[None, :]
    scales, shifts = row(scale, channel, channels), row(shift, channel, channels)
    nothing = tl.zeros((lanes, block), tl.float32)
    window = (nothing,) * (kernel - 1)
    plain, squared = nothing, nothing
    for t in range(frames + half):
        present = alive & (t < frames)
        now = tl.load(s + here + t * (frame * channels), mask=present, other=0.0).to(tl.float32)
        window = window + (
            tl.where(present, tl.maximum(now * scales + shifts, 0.0, propagate_nan=tl.PropagateNan.ALL), 0.0),
        )
        total = nothing
        for i in tl.static_range(kernel):
            total += window[i] * row(taps + i * channels, channel, channels)
        written = alive & (t >= half)
        rounded = tl.where(written, total, 0.0).to(y.dtype.element_ty)
        tl.store(y + here + (t - half) * (frame * channels), rounded, mask=written)
        total = rounded.to(tl.float32)
        plain += total
        squared += total * total
        window = window[1:]
    target = sums + tl.program_id(0).to(tl.int64) * 2 * channels
    store_row(target, channel, channels, tl.sum(plain, 0))
    store_row(target + channels, channel, channels, tl.sum(squared, 0))


@triton.jit(do_not_specialize=["pixels"])
def activate_kernel(t, scale, shift, h, pixels, channels: tl.constexpr, lanes: tl.constexpr, block: tl.constexpr):
    """Process `lanes` pixels and `block` channels in each program."""
    pixel, channel, alive = own_cells(pixels, channels, lanes, block)
    here = pixel[:, None] * channels + channel[None, :]
    scales, shifts = row(scale, channel, channels), row(shift, channel, channels)
    total = tl.load(t + here, mask=alive, other=0.0).to(tl.float32) * scales + shifts
    tl.store(h + here, tl.maximum(total, 0.0, propagate_nan=tl.PropagateNan.ALL).to(h.dtype.element_ty), mask=alive)
