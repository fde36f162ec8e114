"""Clips in 0..1, as training augments them, -> the input that a `ClipSpec` describes."""

import torch
from torch import Tensor

from videoxception.clip import ClipSpec


def normalise(clips: Tensor, spec: ClipSpec) -> Tensor:
    """Scale and shift float clips (B, 3, T, H, W), bytes divided by 255 in the spec's colour order.

    What a network gets in training is then what `Served` makes of bytes. Of a spec that asks for 0..1, the same clips.
    """
    std = torch.tensor(spec.std, dtype=torch.float64)
    gain, offset = 255 * spec.scale / std, torch.tensor(spec.mean, dtype=torch.float64) / std
    if torch.allclose(gain, torch.ones(3, dtype=torch.float64)) and not offset.any():
        return clips
    return clips * gain.to(clips).view(3, 1, 1, 1) - offset.to(clips).view(3, 1, 1, 1)
