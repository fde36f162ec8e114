"""What small size and compression take away from a video: detail, and what lies between the steps of a codec.

A codec is imitated by what most have in common: blocks of 8 x 8 pixels, their cosine transform, and quantisation steps
that are coarser the finer the detail. Colours are coded like brightness, and every frame by itself.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from training.config.augmentation import CompressionConfig

_BLOCK = 8
_SMALLEST = 3.0  # times smaller that a clip was filmed, at most
_STEPS = (2.0, 16.0)  # of 255, for the coarsest detail; those for the finest are 15 times as large


def degrade(clips: Tensor, config: CompressionConfig, rng: torch.Generator) -> Tensor:
    """Degrade float clips (B, 3, T, H, W) in 0..1: some as if their video had been smaller, some as if compressed."""
    if config.downscale_prob > 0:
        clips = _downscale(clips, config.downscale_prob, rng)
    if config.compress_prob > 0:
        clips = _compress(clips, config.compress_prob, rng)
    return clips


def _downscale(clips: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Blur a share of the clips (B, 3, T, H, W) as if filmed smaller: down and up again."""
    batch, _, _, height, width = clips.shape
    times = 1 + (_SMALLEST - 1) * torch.rand(batch, generator=rng)
    chosen = torch.rand(batch, generator=rng) < share
    clips = clips.clone()
    for i in torch.nonzero(chosen)[:, 0].tolist():
        smaller = (max(1, round(height / float(times[i]))), max(1, round(width / float(times[i]))))
        frames = clips[i].transpose(0, 1)  # (T, 3, H, W)
        small = F.interpolate(frames, smaller, mode="bilinear", antialias=True)
        clips[i] = F.interpolate(small, (height, width), mode="bilinear").transpose(0, 1)
    return clips


def _compress(clips: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Quantise blocks of 8 x 8 pixels; what is left over at the right and below stays as it is."""
    batch, channels, frames, height, width = clips.shape
    low, high = (math.log(step / 255) for step in _STEPS)
    coarsest = torch.exp(low + (high - low) * torch.rand(batch, generator=rng))
    chosen = torch.rand(batch, generator=rng) < share
    rows, columns = height // _BLOCK, width // _BLOCK
    inner = clips[..., : rows * _BLOCK, : columns * _BLOCK]
    # (B, 3, T, H, W) -> (B, 3 * T, rows, columns, 8, 8), so that a matrix product transforms each block
    blocks = inner.reshape(batch, channels * frames, rows, _BLOCK, columns, _BLOCK).transpose(3, 4)
    basis = _cosines().to(clips)
    order = torch.arange(_BLOCK)
    # (B, 1, 1, 1, 8, 8): the step of frequency (i, j) grows with i + j
    steps = (coarsest[:, None, None] * (1 + order[:, None] + order)).to(clips)[:, None, None, None]
    coefficients = basis @ blocks @ basis.T
    decoded = basis.T @ ((coefficients / steps).round() * steps) @ basis
    compressed = clips.clone()
    compressed[..., : rows * _BLOCK, : columns * _BLOCK] = decoded.transpose(3, 4).reshape(inner.shape).clamp(0, 1)
    return torch.where(chosen.view(-1, 1, 1, 1, 1).to(clips.device), compressed, clips)


def _cosines() -> Tensor:
    """Return the orthonormal cosine transform of type II, (8, 8): a row a frequency."""
    places = (torch.arange(_BLOCK) + 0.5) * math.pi / _BLOCK
    rows = torch.cos(torch.arange(_BLOCK)[:, None] * places) * math.sqrt(2 / _BLOCK)
    rows[0] /= math.sqrt(2)
    return rows
