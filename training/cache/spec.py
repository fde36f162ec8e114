"""What a cache holds of each item: the exact clip that a service sees, and a larger copy to crop from."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.atomic_write import write_atomically
from training.errors import TrainingError
from videoxception.clip import ClipSpec, Stretch, Window

CachedFrames = npt.NDArray[np.uint8]
"""Frames of a larger copy, (P, 3, h, w), RGB. Planar, as a network takes them."""

_FORMAT = 1
_HEADER = "cache.json"


@dataclass(frozen=True, slots=True)
class CacheSpec:
    """What a cache holds of each item; of a still, one frame each.

    Attributes:
        clip: what a service sees.
        frames: of the larger copy.
        size: (height, width) of the larger copy.
    """

    clip: ClipSpec
    frames: int
    size: tuple[int, int]

    @property
    def larger(self) -> ClipSpec:
        """The copy as a clip, of whole frames. With three times the clip's frames, those at 3i+1 are of its moments."""
        sampling = self.clip.sampling
        if isinstance(sampling, Window):
            sampling = Window(length=sampling.length, step=sampling.length / self.frames)
        copy = {"frames": self.frames, "size": self.size, "fit": Stretch(), "sampling": sampling}
        return self.clip.model_copy(update=copy)

    def clip_shape(self, still: bool) -> tuple[int, ...]:
        """Return (F, H, W, 3), where F is 1 for a still."""
        return (1 if still else self.clip.frames, *self.clip.size, 3)

    def copy_shape(self, still: bool) -> tuple[int, ...]:
        """Return (P, 3, h, w), where P is 1 for a still."""
        return (1 if still else self.frames, 3, *self.size)

    def bytes_of(self, still: bool) -> int:
        """Return how many bytes one item takes."""
        return math.prod(self.clip_shape(still)) + math.prod(self.copy_shape(still))

    def __str__(self) -> str:
        return f"up to {self.frames} frames of {self.size[0]}x{self.size[1]}"


def read_spec(folder: Path) -> CacheSpec | None:
    """Return what the cache in a folder holds, or None if there is none. Raises `TrainingError` for a damaged one."""
    path = folder / _HEADER
    if not path.exists():
        return None
    try:
        header = json.loads(path.read_text())
        if header["format"] != _FORMAT:
            raise TrainingError(f"{path} has format {header['format']}, but this trainer reads {_FORMAT}")
        height, width = header["size"]
        return CacheSpec(ClipSpec.model_validate(header["clip"]), int(header["frames"]), (int(height), int(width)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} is damaged ({error}); remove {folder} to build the cache again") from error


def write_spec(folder: Path, spec: CacheSpec) -> None:
    """Make the folder a cache."""
    header = {"format": _FORMAT, "clip": spec.clip.model_dump(), "frames": spec.frames, "size": spec.size}
    write_atomically(folder / _HEADER, json.dumps(header, indent=2).encode())
