"""A program's pixels and channels, and rows of numbers, one a channel: what several kernels share."""

import triton
import triton.language as tl


@triton.jit
def own_cells(pixels, channels: tl.constexpr, lanes: tl.constexpr, block: tl.constexpr):
    """Return a program's `lanes` pixels, int64, its `block` channels, and which of both there are (lanes, block)."""
    pixel = tl.program_id(0).to(tl.int64) * lanes + tl.arange(0, lanes)
    channel = tl.program_id(1) * block + tl.arange(0, block)
    return pixel, channel, (pixel < pixels)[:, None] & (channel < channels)[None, :]


@triton.jit
def row(first, channel, channels: tl.constexpr):
    """Load (1, block): a number for each channel, zero beyond the last."""
    return tl.load(first + channel, mask=channel < channels, other=0.0)[None, :]


@triton.jit
def store_row(first, channel, channels: tl.constexpr, values):
    """Store values (block) of the channels that there are."""
    tl.store(first + channel, values, mask=channel < channels)
