"""Load and store a row of numbers, one a channel."""

import triton
import triton.language as tl


@triton.jit
def row(first, channel, channels: tl.constexpr):
    """Load (1, block): a number for each channel, zero beyond the last."""
    return tl.load(first + channel, mask=channel < channels, other=0.0)[None, :]


@triton.jit
def store_row(first, channel, channels: tl.constexpr, values):
    """Store values (block) of the channels that there are."""
    tl.store(first + channel, values, mask=channel < channels)
