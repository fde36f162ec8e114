"""Video file -> Clip: the packets are read once, and only what the wanted frames need is decoded."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from videoxception.clip import Clip, ClipSpec, choose
from videoxception.video.index import IndexFailed, read_table
from videoxception.video.limits import Limits
from videoxception.video.packets import Deadline
from videoxception.video.reader import Video, read_video
from videoxception.video.source import open_source


def decode(
    path: Path,
    spec: ClipSpec,
    limits: Limits | None = None,
    stopped: Callable[[], bool] = lambda: False,
    *,
    planned: bool = True,
) -> Clip:
    """Return the clip of a video file that `spec` asks for.

    `stopped` is called between packets; once it returns true, `Stopped` is raised. Without `planned`, everything is
    decoded; the frames are the same. Raise a `VideoError` that says what is wrong with the file, and `OSError` if it
    cannot be read.
    """
    with open_source(path, (limits or Limits()).bytes) as file:
        return decode_file(file, spec, limits, stopped, planned=planned)


def decode_file(
    file: BinaryIO,
    spec: ClipSpec,
    limits: Limits | None = None,
    stopped: Callable[[], bool] = lambda: False,
    *,
    planned: bool = True,
    budget: float | None = None,
) -> Clip:
    """Return what `decode` gives, for a file that is open already.

    `budget` is in pixels to be decoded: if more would be needed, `OverBudget` is raised before the decoding starts. A
    video over `limits.work` is answered from its key frames, if the limits allow that, or else is `TooLong`.
    """
    limits = limits or Limits()
    deadline = Deadline(limits, stopped)
    if planned:
        with (
            suppress(IndexFailed),
            read_video(file, spec, limits, deadline, partial(read_table, file.fileno())) as video,
        ):
            return _clip(video, planned, budget)
    with read_video(file, spec, limits, deadline) as video:
        return _clip(video, planned, budget)


def _clip(video: Video, planned: bool, budget: float | None) -> Clip:
    chosen = choose(video.timeline, video.spec)
    found = {picked.wanted: picked for picked in video.frames(sorted(set(chosen)), planned, budget)}
    return video.clip(chosen, found)
