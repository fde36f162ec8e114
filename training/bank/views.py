"""Views of a still or clip: drawn once, by seeds, so that networks of any size and every run see the same."""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from training.augment.pipeline import draw_clips
from training.augment.times import draw_times
from training.cache.spec import CachedFrames
from training.config.schema import Config
from training.config.stages import Stage


def item_key(copy: CachedFrames) -> bytes:
    """Return what names a still or video in a bank wherever it lies: the first 16 bytes of the sha256 of its pixels."""
    return hashlib.sha256(copy.tobytes()).digest()[:16]


def draw_views(copy: CachedFrames, key: bytes, numbers: Sequence[int], size: int, config: Config) -> Tensor:
    """Return views of a larger copy uint8 (P, 3, h, w): float (V * T, 3, size, size) in 0..1, frame after frame.

    T is `config.view_frames`. View 0 is of whole frames, unchanged. The others
    are drawn by the key and their number: camera, colours and erasing are the same at any size; the blocks of
    --compress-prob, of 8 pixels at each, are not.
    """
    frames = torch.tensor(copy)
    return torch.cat([_draw(frames, key, number, size, config) for number in numbers])


def _draw(frames: Tensor, key: bytes, number: int, size: int, config: Config) -> Tensor:
    count = config.view_frames
    if number == 0:
        centres = (2 * torch.arange(count) + 1) * len(frames) // (2 * count)
        whole = F.interpolate(frames[centres].float() / 255, (size, size), mode="bicubic", antialias=True)
        return whole.clamp(0, 1)
    seed = hashlib.sha256(key + number.to_bytes(4, "little")).digest()[:7]
    rng = torch.Generator().manual_seed(int.from_bytes(seed, "little"))
    chosen = frames[draw_times(1, len(frames), count, rng)[0]]
    clip = draw_clips(chosen[None], Stage(epochs=1, frames=count, size=size, batch=1), config, rng)[0]
    return clip.transpose(0, 1)  # (T, 3, size, size)
