"""Which frames of a video a training clip is made of."""

import torch
from torch import Tensor


def draw_times(batch: int, frames: int, count: int, rng: torch.Generator) -> Tensor:
    """Draw numbers of frames (B, count): one from anywhere within each of `count` equal segments of the video.

    Of a still (`frames` is 1) it is the one frame, (B, 1), however many frames the virtual camera makes of it.
    """
    if frames == 1:
        return torch.zeros(batch, 1, dtype=torch.long)
    times = (torch.arange(count) + torch.rand(batch, count, generator=rng)) * frames / count
    return times.long().clamp(max=frames - 1)  # float32 rounds 9.99999999 to 10
