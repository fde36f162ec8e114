"""Views of a still: drawn once, by seeds, so that networks of any size and every run see the same."""

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
    """Return what names a still in a bank wherever it lies: the first 16 bytes of the sha256 of its pixels."""
    return hashlib.sha256(copy.tobytes()).digest()[:16]


def draw_views(copy: CachedFrames, key: bytes, numbers: Sequence[int], size: int, config: Config) -> Tensor:
    """Return views of a still's larger copy uint8 (1, 3, h, w): float (V, 3, size, size) in 0..1.

    View 0 is the whole frame, unchanged. The others are drawn by the key and their number: camera, colours and erasing
    are the same at any size; the blocks of --compress-prob, of 8 pixels at each, are not.
    """
    frame = torch.tensor(copy)
    return torch.stack([_draw(frame, key, number, size, config) for number in numbers])


def _draw(frame: Tensor, key: bytes, number: int, size: int, config: Config) -> Tensor:
    if number == 0:
        whole = F.interpolate(frame.float() / 255, (size, size), mode="bicubic", antialias=True)
        return whole[0].clamp(0, 1)
    seed = hashlib.sha256(key + number.to_bytes(4, "little")).digest()[:7]
    rng = torch.Generator().manual_seed(int.from_bytes(seed, "little"))
    return draw_clips(frame[None], Stage(epochs=1, frames=1, size=size, batch=1), config, rng)[0, :, 0]
