"""All augmentation of a training step: from cached frames to clips of the stage's size."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.augment.color_jitter import jitter_colors
from training.augment.compression import degrade
from training.augment.randaugment import randaugment
from training.augment.virtual_camera import render_camera_path
from training.config.schema import Config
from training.config.stages import Stage


def draw_clips(frames: Tensor, stage: Stage, config: Config, rng: torch.Generator) -> Tensor:
    """Augment frames uint8 (B, T or 1, 3, h, w) into clips of the stage's size, float (B, 3, T, H, W) in 0..1.

    Frames and clips have the colour order of the config's clip.
    """
    small = _shrink(frames.float() / 255, stage.size)
    clips = render_camera_path(small.expand(-1, stage.frames, -1, -1, -1), (stage.size, stage.size), config.camera, rng)
    if config.clip.channels == "BGR":
        return _change_colors(clips.flip(1), config, rng).flip(1)
    return _change_colors(clips, config, rng)


def _change_colors(clips: Tensor, config: Config, rng: torch.Generator) -> Tensor:
    """Change light, colours and sharpness of clips, whose colours are red, green, blue."""
    clips = jitter_colors(randaugment(clips, config.randaugment, rng), config.color_jitter, rng)
    return degrade(clips, config.compression, rng)


def resized(frames: Tensor, size: int) -> Tensor:
    """Scale square frames (B, 3, s, s) to (B, 3, size, size)."""
    if frames.shape[-1] == size:
        return frames
    return F.interpolate(frames, (size, size), mode="bilinear", antialias=True)


def _shrink(frames: Tensor, size: int) -> Tensor:
    """Shrink frames (B, T, 3, h, w), never enlarge them, so that the camera's bilinear sampling does not alias."""
    height, width = frames.shape[-2:]
    if height <= 1.5 * size:
        return frames
    smaller = (round(1.5 * size), round(1.5 * size * width / height))
    shrunk = F.interpolate(frames.flatten(0, 1), smaller, mode="bilinear", antialias=True)
    return shrunk.view(*frames.shape[:3], *smaller)
