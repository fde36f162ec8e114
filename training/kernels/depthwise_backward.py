"""Backward: from the gradient of the activation to those of the input, of the kernels, and what the norms need.

The gradient of a batch norm's input is g * a + y * b + c, with y its input, g the gradient of its output and three
numbers a channel. So it is never written, but computed where it is read.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from training.kernels.rows import own_cells, row, store_row
from training.kernels.shape import TEMPORAL_WARPS, Shape


def norm_backward(dh: Tensor, t: Tensor, scale: Tensor, shift: Tensor, shape: Shape) -> Tensor:
    """Return f32 (programs, 2, C): sums of g and of g * t, with g the gradient before ReLU(t * scale + shift)."""
    programs = triton.cdiv(shape.pixels, shape.lanes)
    sums = t.new_empty(programs, 2, shape.channels, dtype=torch.float32)
    grid = (programs, triton.cdiv(shape.channels, shape.block))
    norm_backward_kernel[grid](dh, t, scale, shift, sums, shape.pixels, shape.channels, shape.lanes, shape.block)
    return sums


def temporal_backward(
    dh: Tensor, t: Tensor, s: Tensor, outer: Tensor, inner: Tensor, taps: Tensor, shape: Shape
) -> tuple[Tensor, Tensor]:
    """Return the gradient g (pixels, C) before ReLU(s * scale + shift), and sums f32 (programs, 2 + k, C).

    The sums are of g, of g * s, and the gradients of the k taps. `outer` f32 (5, C) are the second norm's scale, shift,
    a, b and c; `inner` f32 (2, C) the first's scale and shift.
    """
    g, programs = torch.empty_like(s), triton.cdiv(shape.places, shape.lanes)
    sums = s.new_empty(programs, 2 + shape.kernel, shape.channels, dtype=torch.float32)
    temporal_backward_kernel[(programs, triton.cdiv(shape.channels, shape.block))](
        dh,
        t,
        s,
        outer,
        inner,
        taps,
        g,
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
    return g, sums


def spatial_backward(
    g: Tensor, s: Tensor, x: Tensor, inner: Tensor, taps: Tensor, shape: Shape
) -> tuple[Tensor, Tensor]:
    """Return the gradient of x (pixels, C), and sums f32 (programs, k * k, C) that make that of the taps.

    `inner` f32 (3, C) are the first norm's a, b and c.
    """
    dx, programs = torch.empty_like(x), triton.cdiv(shape.pixels, shape.lanes)
    sums = x.new_empty(programs, shape.kernel**2, shape.channels, dtype=torch.float32)
    spatial_backward_kernel[(programs, triton.cdiv(shape.channels, shape.block))](
        g,
        s,
        x,
        inner,
        taps,
        dx,
        sums,
        shape.pixels,
        shape.height,
        shape.width,
        shape.channels,
        shape.kernel,
        shape.lanes,
        shape.block,
    )
    return dx, sums


@triton.jit(do_not_specialize=["pixels"])
def norm_backward_kernel(
    dh, t, scale, shift, sums, pixels, channels: tl.constexpr, lanes: tl.constexpr, block: tl.constexpr
):
    """Process `lanes` pixels and `block` channels in each program."""
    pixel, channel, alive = own_cells(pixels, channels, lanes, block)
    here = pixel[:, None] * channels + channel[None, :]
    scales, shifts = row(scale, channel, channels), row(shift, channel, channels)
    y = tl.load(t + here, mask=alive, other=0.0).to(tl.float32)
    g = tl.load(dh + here, mask=alive, other=0.0).to(tl.float32)
    g = tl.where(y * scales + shifts > 0, g, 0.0)
    target = sums + tl.program_id(0).to(tl.int64) * 2 * channels
    store_row(target, channel, channels, tl.sum(g, 0))
    store_row(target + channels, channel, channels, tl.sum(g * y, 0))


@triton.jit(do_not_specialize=["places"])
def temporal_backward_kernel(
    dh,
    t,
    s,
    outer,
    inner,
    taps,
    g,
    sums,
    places,
    frames: tl.constexpr,
    frame: tl.constexpr,
    channels: tl.constexpr,
    kernel: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
):
    """Walk through time with `lanes` pixels of a frame in each program, as the forward kernel does.

    Its windows hold the gradient of the convolution's output at the last k frames, and its input, with what that was
    computed from, at the last k // 2 + 1. Each product of the two that a tap's gradient needs is taken when the later
    one comes.
    """
    half: tl.constexpr = kernel // 2
    place, channel, alive = own_cells(places, channels, lanes, block)
    first = place // frame * (frames * frame) + place % frame
    here = first[:, None] * channels + channel[None, :]
    scale, shift = row(outer, channel, channels), row(outer + channels, channel, channels)
    a, b = row(outer + 2 * channels, channel, channels), row(outer + 3 * channels, channel, channels)
    c = row(outer + 4 * channels, channel, channels)
    inner_scale, inner_shift = row(inner, channel, channels), row(inner + channels, channel, channels)

    nothing, none = tl.zeros((lanes, block), tl.float32), tl.zeros((block,), tl.float32)
    gradients, inputs, raw = (nothing,) * (kernel - 1), (nothing,) * half, (nothing,) * half
    of_taps = (none,) * kernel
    plain, weighted = none, none
    for now in range(frames + half):
        there, present = here + now * (frame * channels), alive & (now < frames)
        y = tl.load(t + there, mask=present, other=0.0).to(tl.float32)
        dy = tl.load(dh + there, mask=present, other=0.0).to(tl.float32)
        dy = tl.where(y * scale + shift > 0, dy, 0.0)
        gradients = gradients + (tl.where(present, dy * a + y * b + c, 0.0),)
        x = tl.load(s + there, mask=present, other=0.0).to(tl.float32)
        raw = raw + (x,)
        inputs = inputs + (tl.where(present, tl.maximum(x * inner_scale + inner_shift, 0.0), 0.0),)
        earlier, later = (), ()
        for i in tl.static_range(half):  # tap i meets an input `half - i` frames before the output
            earlier = earlier + (of_taps[i] + tl.sum(gradients[kernel - 1] * inputs[i], 0),)
        for i in tl.static_range(half, kernel):
            later = later + (of_taps[i] + tl.sum(gradients[kernel - 1 + half - i] * inputs[half], 0),)
        of_taps = earlier + later
        total = nothing
        for i in tl.static_range(kernel):
            total += gradients[kernel - 1 - i] * row(taps + i * channels, channel, channels)
        written = alive & (now >= half)
        rounded = tl.where(written & (inputs[0] > 0), total, 0.0).to(g.dtype.element_ty)
        tl.store(g + there - half * (frame * channels), rounded, mask=written)
        total = rounded.to(tl.float32)
        plain += tl.sum(total, 0)
        weighted += tl.sum(total * raw[0], 0)
        gradients, inputs, raw = gradients[1:], inputs[1:], raw[1:]
    target = sums + tl.program_id(0).to(tl.int64) * (2 + kernel) * channels
    store_row(target, channel, channels, plain)
    store_row(target + channels, channel, channels, weighted)
    for i in tl.static_range(kernel):
        store_row(target + (2 + i) * channels, channel, channels, of_taps[i])


@triton.jit(do_not_specialize=["pixels"])
def spatial_backward_kernel(
    g,
    s,
    x,
    inner,
    taps,
    dx,
    sums,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    channels: tl.constexpr,
    kernel: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
):
    """Process `lanes` pixels and `block` channels in each program.

    A pixel of x met each tap in one pixel of the output. The gradients there, times the taps, add up to its own
    gradient; times the pixel itself, they are its terms of the taps' gradients.
    """
    half: tl.constexpr = kernel // 2
    pixel = tl.program_id(0).to(tl.int64) * lanes + tl.arange(0, lanes)
    channel = tl.program_id(1) * block + tl.arange(0, block)
    alive, known = pixel < pixels, (channel < channels)[None, :]
    line, column = pixel // width % height, pixel % width
    here = pixel[:, None] * channels + channel[None, :]
    a, b = row(inner, channel, channels), row(inner + channels, channel, channels)
    c = row(inner + 2 * channels, channel, channels)
    own = tl.load(x + here, mask=alive[:, None] & known, other=0.0).to(tl.float32)
    total = tl.zeros((lanes, block), tl.float32)
    target = sums + tl.program_id(0).to(tl.int64) * kernel * kernel * channels
    for down in tl.static_range(-half, half + 1):
        for right in tl.static_range(-half, half + 1):
            inside = (
                alive & (line - down >= 0) & (line - down < height) & (column - right >= 0) & (column - right < width)
            )
            there, number = here - (down * width + right) * channels, (down + half) * kernel + right + half
            output = tl.load(s + there, mask=inside[:, None] & known, other=0.0).to(tl.float32)
            gradient = tl.load(g + there, mask=inside[:, None] & known, other=0.0).to(tl.float32)
            gradient = tl.where(inside[:, None], gradient * a + output * b + c, 0.0)
            total += gradient * row(taps + number * channels, channel, channels)
            store_row(target + number * channels, channel, channels, tl.sum(gradient * own, 0))
    tl.store(dx + here, total.to(dx.dtype.element_ty), mask=alive[:, None] & known)
