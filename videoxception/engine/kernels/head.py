"""The end of the network: the average pool of the last block's output, and the linear layer that gives logits."""

import triton
import triton.language as tl
from torch import Tensor

_STEP = 64  # channels at a time


def head(partial: Tensor, pixels: int, weight: Tensor, bias: Tensor, auxiliary: int, logits: Tensor) -> None:
    """Compute `logits` f32 (N, outputs) from the sums `partial` f32 (N, tiles, C) over `pixels` pixels a clip.

    `weight` f32 (rows, C); `bias` f32 (rows). The last `auxiliary` rows are joined into one output, the background.
    """
    clips, tiles, channels = partial.shape
    rows = len(bias)
    head_kernel[(clips,)](
        partial,
        weight,
        bias,
        logits,
        pixels,
        tiles,
        channels,
        rows,
        auxiliary,
        triton.next_power_of_2(rows),
        _STEP,
    )


@triton.jit
def head_kernel(
    partial,
    weight,
    bias,
    logits,
    pixels: tl.constexpr,
    tiles: tl.constexpr,
    channels: tl.constexpr,
    rows: tl.constexpr,
    auxiliary: tl.constexpr,
    padded: tl.constexpr,
    step: tl.constexpr,
):
    """Compute one clip in each program. `padded` is the power of two that the rows are padded to."""
    classes: tl.constexpr = rows - auxiliary
    outputs: tl.constexpr = classes + (auxiliary > 0)
    clip = tl.program_id(0).to(tl.int64)
    row = tl.arange(0, padded)
    real = row < rows
    sums = tl.load(bias + row, mask=real, other=0.0)
    for first in range(0, channels, step):
        channel = first + tl.arange(0, step)
        features = tl.zeros((step,), tl.float32)
        for tile in range(tiles):
            features += tl.load(partial + (clip * tiles + tile) * channels + channel)
        weights = tl.load(weight + row[:, None] * channels + channel[None, :], mask=real[:, None], other=0.0)
        sums += tl.sum(weights * (features / pixels)[None, :], 1)
    tl.store(logits + clip * outputs + row, sums, mask=row < classes)
    if auxiliary > 0:
        apart = tl.where((row >= classes) & real, sums, float("-inf"))
        largest = tl.max(apart, 0)  # subtracted, so that no exponential overflows
        tl.store(logits + clip * outputs + classes, largest + tl.log(tl.sum(tl.exp(apart - largest), 0)))
