"""Colour jitter, the same for all frames of a clip: light differs from one video to the next, not within it."""

import torch
from torch import Tensor

from training.config.augmentation import ColorJitterConfig

_LUMA = (0.299, 0.587, 0.114)  # BT.601


def jitter_colors(clips: Tensor, config: ColorJitterConfig, rng: torch.Generator) -> Tensor:
    """Change light and colours of float clips (B, 3, T, H, W) in 0..1, clip by clip; cover a rectangle of some."""
    batch = clips.shape[0]

    def factor(largest: float, channels: int = 1) -> Tensor:
        """Draw (B, channels, 1, 1, 1) around 1."""
        spread = 2 * torch.rand(batch, channels, 1, 1, 1, generator=rng) - 1
        return (1 + largest * spread).to(clips)

    grey = (clips * clips.new_tensor(_LUMA).view(1, 3, 1, 1, 1)).sum(1, keepdim=True)  # (B, 1, T, H, W)
    is_grey = (torch.rand(batch, 1, 1, 1, 1, generator=rng) < config.gray_prob).to(clips.device)
    clips = torch.where(is_grey, grey, torch.lerp(grey, clips, factor(config.saturation)))
    mean = grey.mean((2, 3, 4), keepdim=True)
    clips = torch.lerp(mean, clips, factor(config.contrast))
    clips = (clips * factor(config.brightness) * factor(config.tint, 3)).clamp(0, 1)
    return _erase(clips, config.erase_prob, rng)


def _erase(clips: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Cover a rectangle of up to half the height and width, in one random colour, in about `share` of the clips."""
    batch, _, _, height, width = clips.shape
    size = (0.15 + 0.35 * torch.rand(batch, 2, generator=rng)) * (torch.rand(batch, 1, generator=rng) < share)
    corner = torch.rand(batch, 2, generator=rng) * (1 - size)
    rows, columns = torch.arange(height) / height, torch.arange(width) / width
    in_rows = (rows >= corner[:, :1]) & (rows < corner[:, :1] + size[:, :1])  # (B, H)
    in_columns = (columns >= corner[:, 1:]) & (columns < corner[:, 1:] + size[:, 1:])  # (B, W)
    covered = (in_rows[:, :, None] & in_columns[:, None, :])[:, None, None].to(clips.device)  # (B, 1, 1, H, W)
    return torch.where(covered, torch.rand(batch, 3, 1, 1, 1, generator=rng).to(clips), clips)
