"""Views of a still or a video: drawn once, by seeds, so that networks of any size and every run see the same."""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from training.augment.pipeline import draw_clips
from training.cache.spec import CachedFrames
from training.config.schema import Config
from training.config.stages import Stage


def item_key(copy: CachedFrames) -> bytes:
    """Return what names an item in a bank wherever it lies: the first 16 bytes of the sha256 of its pixels."""
    return hashlib.sha256(copy.tobytes()).digest()[:16]


def draw_views(copy: CachedFrames, key: bytes, numbers: Sequence[int], size: int, config: Config) -> Tensor:
    """Return views of a larger copy uint8 (P, 3, h, w): float (V, T, 3, size, size) in 0..1.

    T is 1 for a still, and the frames of a clip for a video. View 0 is whole frames, unchanged. The others are drawn by
    the key and their number: camera, colours and erasing are the same at any size; the blocks of --compress-prob, of 8
    pixels at each, are not.
    """
    frames = torch.tensor(copy[shown_frames(len(copy), config)])
    return torch.stack([_draw(frames, key, number, size, config) for number in numbers])


def shown_frames(count: int, config: Config) -> list[int]:
    """Return which of an item's `count` frames its views show: those at the centres of equal parts, as a clip does."""
    shown = 1 if count == 1 else config.clip.frames
    return [(2 * i + 1) * count // (2 * shown) for i in range(shown)]


def _draw(frames: Tensor, key: bytes, number: int, size: int, config: Config) -> Tensor:
    """Draw a view (T, 3, size, size) of frames (T, 3, h, w)."""
    if number == 0:
        return F.interpolate(frames.float() / 255, (size, size), mode="bicubic", antialias=True).clamp(0, 1)
    seed = hashlib.sha256(key + number.to_bytes(4, "little")).digest()[:7]
    rng = torch.Generator().manual_seed(int.from_bytes(seed, "little"))
    stage = Stage(epochs=1, frames=len(frames), size=size, batch=1)
    return draw_clips(frames[None], stage, config, rng)[0].transpose(0, 1)
