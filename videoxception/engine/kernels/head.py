"""The end of the network: the average of the last block's output, and the layer that makes logits of it."""

import triton
import triton.language as tl
from torch import Tensor

_STEP = 64  # channels at a time


def head(partial: Tensor, pixels: int, weight: Tensor, bias: Tensor, logits: Tensor) -> None:
    """Writes `logits` f32 (N, classes), of sums `partial` f32 (N, tiles, C) over `pixels` pixels a clip.

    `weight` f32 (classes, C); `bias` f32 (classes).
    """
    clips, tiles, channels = partial.shape
    classes = len(bias)
    head_kernel[(clips,)](
        partial,
        weight,
        bias,
        logits,
        pixels,
        tiles,
        channels,
        classes,
        triton.next_power_of_2(classes),
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
    classes: tl.constexpr,
    padded: tl.constexpr,
    step: tl.constexpr,
):
    """A program does one clip. `padded` is a power of two that holds the classes."""
    clip = tl.program_id(0).to(tl.int64)
    row = tl.arange(0, padded)
    real = row < classes
    sums = tl.load(bias + row, mask=real, other=0.0)
    for first in range(0, channels, step):
        channel = first + tl.arange(0, step)
        features = tl.zeros((step,), tl.float32)
        for tile in range(tiles):
            features += tl.load(partial + (clip * tiles + tile) * channels + channel)
        weights = tl.load(weight + row[:, None] * channels + channel[None, :], mask=real[:, None], other=0.0)
        sums += tl.sum(weights * (features / pixels)[None, :], 1)
    tl.store(logits + clip * classes + row, sums, mask=real)
