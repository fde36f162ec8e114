"""Decode files one after the other, as evaluation does: through the very decoder that the service uses."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from training.data.dataset import DataSet, Item
from training.data.readers.image_folder import is_still
from training.errors import TrainingError
from training.progress import track
from videoxception.clip import ClipSpec, Frames
from videoxception.video import VideoError, decode
from videoxception.video.still import still_clip

Scalar = TypeVar("Scalar", bound=np.generic)


def read_clip(path: Path, spec: ClipSpec) -> Frames:
    """Return the clip of one item, a video or a still: uint8 (F, H, W, 3)."""
    return still_clip(path, spec) if is_still(path) else decode(path, spec).frames


def read_all(
    data: DataSet, read: Callable[[Item], npt.NDArray[Scalar]], skip_bad: bool, what: str = "reading"
) -> tuple[npt.NDArray[Scalar], DataSet, list[str]]:
    """Return what `read` gives for every item, stacked; the items; and a line for each that was skipped.

    Args:
        skip_bad: leave files out that cannot be read; else they raise `TrainingError`.
        what: stands beside the progress bar.
    """
    stacked: npt.NDArray[Scalar] | None = None  # filled as it comes: the pixels of a data set may fit into memory once
    kept: list[Item] = []
    skipped: list[str] = []
    for item in track(data.items, what):
        try:
            array = read(item)
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
