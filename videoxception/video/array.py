"""Frames that are decoded already -> Clip, by the same choice of frames and the same scaler as a video file's."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

from videoxception.clip import Clip, ClipSpec, Timeline, choose
from videoxception.video.errors import NoFrames
from videoxception.video.frame import Scaler

_RATE = Fraction(25)  # frames a second, a guess: frames alone do not tell


def clip_of_frames(frames: npt.NDArray[np.uint8], spec: ClipSpec) -> Clip:
    """Return the clip of a video's frames, evenly spaced in time: uint8 (N, H, W, 3), RGB.

    Raise `ValueError` for another shape or type, and `NoFrames` if N is 0.
    """
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
        raise ValueError(f"frames must be uint8 (N, height, width, 3), but got {frames.dtype} {frames.shape}")
    if not len(frames):
        raise NoFrames("there are no frames")
    timeline = Timeline(range(len(frames)), (), 1 / _RATE, timed=False)
    chosen, scaler = choose(timeline, spec), Scaler(spec.size, spec.fit)
    scaled = {k: scaler(av.VideoFrame.from_ndarray(np.ascontiguousarray(frames[k]), "rgb24")) for k in set(chosen)}
    clip = np.stack([scaled[k] for k in chosen])
    return Clip(
        frames=clip if spec.channels == "RGB" else np.ascontiguousarray(clip[..., ::-1]),
        duration=None,
        width=frames.shape[2],
        height=frames.shape[1],
        codec="rawvideo",
        timestamps=tuple(timeline.seconds(k) for k in chosen),
        warnings=tuple(_warnings(len(frames), spec)),
        decoded=len(scaled),
    )


def _warnings(frames: int, spec: ClipSpec) -> Iterator[str]:
    """Yield those of clip.WARNINGS that apply."""
    if frames < spec.frames:
        yield "short"
    yield "no times"
