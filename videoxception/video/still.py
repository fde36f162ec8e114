"""A still image -> bytes, by the same decoder and scaler as a video's frames. For training and evaluation only."""

from pathlib import Path

import av
import numpy as np

from videoxception.clip import ClipSpec, Frames, Stretch
from videoxception.video.errors import Undecodable
from videoxception.video.frame import Frame, Scaler


def read_still(path: Path, size: tuple[int, int]) -> Frame:
    """Read a JPEG, PNG or other image file, stretched to `size` (height, width): uint8 (H, W, 3).

    Raise `Undecodable` with the file's name, or `FileNotFoundError`.
    """
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            frame = next(container.decode(video=0))
            return Scaler(size, Stretch())(frame)
    except (av.FFmpegError, IndexError, StopIteration) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise Undecodable(f"{path} is not a frame that can be read") from error


def still_clip(path: Path, spec: ClipSpec) -> Frames:
    """Return the clip that a still counts as in evaluation: it F times, no camera motion. uint8 (F, H, W, 3)."""
    return np.broadcast_to(read_still(path, spec.size), spec.shape)
