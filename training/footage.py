"""The pixels of a data set: a larger copy of each item for augmentation, and the very clips that a service sees."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.data.items import DataSet, Item
from training.data.stills import PICTURE_SUFFIXES
from training.errors import TrainingError
from training.progress import track
from videoxception.clip import ClipSpec, Frames
from videoxception.video import VideoError, decode
from videoxception.video.still import read_still, still_clip

Scalar = TypeVar("Scalar", bound=np.generic)

# The larger copy leaves the camera room to move: half as much again as the clip, and thrice its pictures, so that
# pictures 3i+1 of it are the clip's own.
_ROOM, _PICTURES_ROOM = 1.5, 3


@dataclass(frozen=True, slots=True)
class Footage:
    """Pixels in memory: `pictures` uint8 (N, P, 3, h, w), where P is 1 for stills, and class numbers `targets` (N,)."""

    pictures: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)


def load_footage(data: DataSet, spec: ClipSpec, skip_bad: bool) -> tuple[Footage, list[str]]:
    """The larger copies of all items, and a line for each file that was skipped. Raises `TrainingError`."""
    height, width = (round(side * _ROOM) for side in spec.size)
    room = {"size": (height, width * 4 // 3), "frames": spec.frames * _PICTURES_ROOM}
    larger = spec.model_copy(update=room)

    def read(path: Path) -> Frames:
        return read_still(path, larger.size)[None] if is_still(path) else decode(path, larger).frames

    pixels, kept, skipped = read_all(data, read, skip_bad)
    return Footage(torch.from_numpy(pixels).permute(0, 1, 4, 2, 3), torch.tensor(kept.targets)), skipped


def load_clips(data: DataSet, spec: ClipSpec, skip_bad: bool) -> tuple[Frames, DataSet, list[str]]:
    """The clips (N, F, H, W, 3) that a service would see, their items, and a line for each file that was skipped."""
    return read_all(data, lambda path: item_clip(path, spec), skip_bad)


def item_clip(path: Path, spec: ClipSpec) -> Frames:
    """The clip of one item, a video or a still: uint8 (F, H, W, 3)."""
    return still_clip(path, spec) if is_still(path) else decode(path, spec).frames


def is_still(path: Path) -> bool:
    """Whether a file is a picture by its name."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def read_all(
    data: DataSet, read: Callable[[Path], npt.NDArray[Scalar]], skip_bad: bool
) -> tuple[npt.NDArray[Scalar], DataSet, list[str]]:
    """What `read` gives for every item, stacked; unreadable ones are left out, or raise `TrainingError`."""
    stacked: npt.NDArray[Scalar] | None = None  # filled as it comes: the pixels of a data set may fit into memory once
    kept: list[Item] = []
    skipped: list[str] = []
    for item in track(data.items, "reading"):
        try:
            array = read(item.path)
        except (VideoError, OSError) as error:
            if not skip_bad:
                raise TrainingError(f"{item.path} cannot be read: {error} (--skip-bad goes on without it)") from error
            skipped.append(f"{item.path}: {error}")
        else:
            if stacked is None:
                stacked = np.empty((len(data), *array.shape), array.dtype)
            stacked[len(kept)] = array
            kept.append(item)
    if stacked is None:
        raise TrainingError("none of the files could be read")
    return stacked[: len(kept)], DataSet(tuple(kept), data.classes), skipped
