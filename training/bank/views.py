"""Views of a still or a video: drawn once, by seeds, so that networks of any size and every run see the same."""

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
    """Return what names an item in a bank wherever it lies: the first 16 bytes of the sha256 of its pixels."""
    return hashlib.sha256(copy.tobytes()).digest()[:16]


def draw_views(copy: CachedFrames, key: bytes, numbers: Sequence[int], size: int, config: Config) -> Tensor:
    """Return views of a larger copy uint8 (P, 3, h, w): float (V, T, 3, size, size) in 0..1.

    View 0 is whole frames, unchanged. The others are drawn by the key and their number: frames, camera, colours and
    erasing are the same at any size; the blocks of --compress-prob, of 8 pixels at each, are not.
    """
    frames = torch.tensor(copy)
    return torch.stack([_draw(frames, key, number, size, config) for number in numbers])


def _frames_of_view(count: int, config: Config) -> int:
    """Return how many frames a view shows of an item that has `count`: what the network takes; 1, of other stills."""
    if config.view_frames > 1:
        return config.view_frames
    return 1 if count == 1 else config.clip.frames


def _draw(frames: Tensor, key: bytes, number: int, size: int, config: Config) -> Tensor:
    """Draw a view (T, 3, size, size) of frames (P, 3, h, w)."""
    shown = _frames_of_view(len(frames), config)
    if number == 0:
        centres = (2 * torch.arange(shown) + 1) * len(frames) // (2 * shown)
        whole = F.interpolate(frames[centres].float() / 255, (size, size), mode="bicubic", antialias=True)
        return whole.clamp(0, 1)
    seed = hashlib.sha256(key + number.to_bytes(4, "little")).digest()[:7]
    rng = torch.Generator().manual_seed(int.from_bytes(seed, "little"))
    chosen = frames[draw_times(1, len(frames), shown, rng)[0]]
    stage = Stage(epochs=1, frames=shown, size=size, batch=1)
    return draw_clips(chosen[None], stage, config, rng)[0].transpose(0, 1)
