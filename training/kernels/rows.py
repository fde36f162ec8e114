"""Numbers a channel: read as a row, and written."""

import triton
import triton.language as tl


@triton.jit
def row(first, channel, channels: tl.constexpr):
    """(1, block): a number for each channel, zero for those that there are not."""
    return tl.load(first + channel, mask=channel < channels, other=0.0)[None, :]


@triton.jit
def store_row(first, channel, channels: tl.constexpr, values):
    """Writes values (block) of the channels that there are."""
    tl.store(first + channel, values, mask=channel < channels)
