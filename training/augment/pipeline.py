"""All augmentation of a training step: frames of a batch to clips of the stage."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.augment.color_jitter import recolour
from training.augment.compression import wear
from training.augment.randaugment import randaugment
from training.augment.virtual_camera import film
from training.config.schema import Config, Stage


def draw_clips(pictures: Tensor, stage: Stage, config: Config, rng: torch.Generator) -> Tensor:
    """Augmented clips of the stage's size, float (B, 3, T, H, W) in 0..1, from pictures uint8 (B, T or 1, 3, h, w)."""
    small = _shrink(pictures.float() / 255, stage.size)
    clips = film(small.expand(-1, stage.pictures, -1, -1, -1), (stage.size, stage.size), config.camera, rng)
    return wear(recolour(randaugment(clips, config.randaugment, rng), config.colour, rng), config.coding, rng)


def _shrink(pictures: Tensor, size: int) -> Tensor:
    """Pictures (B, T, 3, h, w), made smaller (never larger) so that the camera's bilinear sampling does not alias."""
    height, width = pictures.shape[-2:]
    if height <= 1.5 * size:
        return pictures
    smaller = (round(1.5 * size), round(1.5 * size * width / height))
    shrunk = F.interpolate(pictures.flatten(0, 1), smaller, mode="bilinear", antialias=True)
    return shrunk.view(*pictures.shape[:3], *smaller)
