"""RandAugment for clips: operations drawn for each clip, whose strength drifts from its first frame to its last.

Source: RandAugment, https://arxiv.org/abs/1909.13719, and its extension over time, https://arxiv.org/abs/2008.09721.
Translation, rotation and shear are the virtual camera's (virtual_camera.py); these operations change light, colour and
sharpness.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from training.config.augmentation import RandAugmentConfig

_LUMA = (0.299, 0.587, 0.114)  # BT.601


def randaugment(clips: Tensor, config: RandAugmentConfig, rng: torch.Generator) -> Tensor:
    """Apply `rand_ops` operations to each of the float clips (B, 3, T, H, W) in 0..1, drawn clip by clip."""
    for _ in range(config.rand_ops):
        chosen = torch.randint(len(OPERATIONS), (len(clips),), generator=rng)
        strength = _strengths(len(clips), clips.shape[2], config, rng).to(clips)
        clips = clips.clone()
        for number, operation in enumerate(OPERATIONS):
            rows = (chosen == number).nonzero().flatten().to(clips.device)
            if len(rows):
                clips[rows] = operation(clips[rows], strength[rows]).clamp(0, 1)
    return clips


def _strengths(clips: int, frames: int, config: RandAugmentConfig, rng: torch.Generator) -> Tensor:
    """Draw strengths (B, 1, T, 1, 1) from -1 to 1: the sign is the direction in which light or colour changes."""
    sign = torch.randint(2, (clips, 1), generator=rng) * 2 - 1
    drift = (2 * torch.rand(clips, 1, generator=rng) - 1) * config.rand_drift
    time = torch.linspace(-1, 1, frames) if frames > 1 else torch.zeros(1)
    strength = sign * config.rand_magnitude * (1 + drift * time)
    return strength.clamp(-1, 1).view(clips, 1, frames, 1, 1)


def _brightness(clips: Tensor, strength: Tensor) -> Tensor:
    return clips * (1 + 0.9 * strength)


def _contrast(clips: Tensor, strength: Tensor) -> Tensor:
    mean = _grey(clips).mean((3, 4), keepdim=True)
    return mean + (clips - mean) * (1 + 0.9 * strength)


def _saturation(clips: Tensor, strength: Tensor) -> Tensor:
    grey = _grey(clips)
    return grey + (clips - grey) * (1 + 0.9 * strength)


def _gamma(clips: Tensor, strength: Tensor) -> Tensor:
    return clips.clamp(min=1e-3) ** torch.exp(strength)


def _posterise(clips: Tensor, strength: Tensor) -> Tensor:
    levels = 2 ** (8 - 5 * strength.abs()) - 1
    return (clips * levels).round() / levels


def _solarise(clips: Tensor, strength: Tensor) -> Tensor:
    return torch.where(clips > 1 - 0.5 * strength.abs(), 1 - clips, clips)


def _sharpness(clips: Tensor, strength: Tensor) -> Tensor:
    """Blur or sharpen: away from or towards the mean of 3 x 3 pixels."""
    flat = clips.transpose(1, 2).flatten(0, 1)  # (B*T, 3, H, W)
    soft = F.avg_pool2d(F.pad(flat, (1, 1, 1, 1), "replicate"), 3, 1)
    blurred = soft.view(clips.shape[0], clips.shape[2], *flat.shape[1:]).transpose(1, 2)
    return blurred + (clips - blurred) * (1 + strength)


def _noise_of_compression(clips: Tensor, strength: Tensor) -> Tensor:
    """Pull blocks of 8 x 8 pixels towards their mean, as a codec does at a low bit rate."""
    height, width = clips.shape[-2:]
    flat = clips.flatten(0, 2)[:, None]  # (B*3*T, 1, H, W)
    blocks = F.avg_pool2d(flat, 8, ceil_mode=True, count_include_pad=False)
    means = F.interpolate(blocks, scale_factor=8.0)[..., :height, :width].view(clips.shape)
    return torch.lerp(clips, means, 0.6 * strength.abs().expand_as(clips))


def _grey(clips: Tensor) -> Tensor:
    return (clips * clips.new_tensor(_LUMA).view(1, 3, 1, 1, 1)).sum(1, keepdim=True)


OPERATIONS: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (
    _brightness,
    _contrast,
    _saturation,
    _gamma,
    _posterise,
    _solarise,
    _sharpness,
    _noise_of_compression,
)
"""Each takes clips (B, 3, T, H, W) and strengths (B, 1, T, 1, 1) from -1 to 1."""
