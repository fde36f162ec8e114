"""A still image -> bytes, by the same decoder and scaler as a video's frames. For training and evaluation only."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from videoxception.clip import ClipSpec, Frames
from videoxception.video.errors import Undecodable
from videoxception.video.frame import Frame, Scaler


def read_still(path: Path, spec: ClipSpec, shape: Fraction | None = None) -> Frame:
    """Read a JPEG, PNG or other image file as one frame of a clip: uint8 (H, W, 3), size and colours as it asks.

    With a `shape` (width / height), only the largest part of that shape in its middle. Raise `Undecodable` with the
    file's name, or `FileNotFoundError`.
    """
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            frame = next(container.decode(video=0))
            scaled = Scaler(spec.size, spec.fit)(frame if shape is None else _middle(frame, shape))
    except (av.FFmpegError, IndexError, StopIteration) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise Undecodable(f"{path} is not a frame that can be read") from error
    return scaled if spec.channels == "RGB" else np.ascontiguousarray(scaled[..., ::-1])


def still_clip(path: Path, spec: ClipSpec, shape: Fraction | None = None) -> Frames:
    """Return the clip that a still counts as in evaluation: it F times, no camera motion. uint8 (F, H, W, 3)."""
    return np.broadcast_to(read_still(path, spec, shape), spec.shape)


def largest_part(height: int, width: int, shape: Fraction) -> tuple[int, int]:
    """Return the largest height and width of a shape that fit."""
    if width > height * shape:
        return height, max(1, round(height * shape))
    return max(1, round(width / shape)), width


def _middle(frame: av.VideoFrame, shape: Fraction) -> av.VideoFrame:
    pixels = np.asarray(
        frame.to_ndarray(format="rgb24"), np.uint8
    )  # (h, w, 3): chroma planes could be cut at even places only
    height, width = largest_part(pixels.shape[0], pixels.shape[1], shape)
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    part = np.ascontiguousarray(pixels[top : top + height, left : left + width])
    return av.VideoFrame.from_ndarray(part, format="rgb24")
