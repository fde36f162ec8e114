"""Video file -> the clips of its windows and of the whole; each frame that any of them wants is decoded once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from videoxception.clip import Clip, ClipSpec, Frames, choose
from videoxception.video.errors import TooManyWindows
from videoxception.video.limits import Limits
from videoxception.video.packets import Deadline
from videoxception.video.passes import Picked
from videoxception.video.reader import Video, read_video
from videoxception.windows import Asked, Cut, Windows, cuts


@dataclass(frozen=True, slots=True)
class WindowClip:
    """The clip of one window: uint8 (F, H, W, 3), and its place and its frames' times in seconds since the first frame.

    `windows` are those that the video is looked at through, of which `count` hold a frame.
    """

    frames: Frames = field(repr=False)
    start: float
    end: float
    timestamps: tuple[float, ...]
    windows: Windows
    count: int


def decode_windows(
    file: BinaryIO,
    spec: ClipSpec,
    asked: Asked,
    limits: Limits | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[WindowClip | Clip]:
    """Yield the clips of an open file's windows, in order, and at last that of the whole video.

    Frames are decoded and scaled once, as they are needed, and forgotten when no later window wants them. Key frames
    never stand for others. There is no limit on time: whoever asks can stop. Raise a `VideoError`.
    """
    limits = replace(limits or Limits(), key_frames=False)
    with read_video(file, spec, limits, Deadline(limits, stopped, endless=True)) as video:
        yield from _clips(video, _windows(video, asked, limits))


def _windows(video: Video, asked: Asked, limits: Limits) -> Windows:
    """Return the windows to look through. Raise `TooManyWindows`."""
    duration = float(video.timeline.span * video.timeline.tick)
    windows = Windows.auto(duration) if asked == "auto" else asked
    if (count := windows.count(duration)) > limits.windows:
        raise TooManyWindows(
            f"a window every {windows.step:g} seconds makes {count:,} in this video, over the limit of"
            f" {limits.windows:,}; ask for a step of {duration / limits.windows:.3g} seconds or more"
        )
    return windows


def _clips(video: Video, windows: Windows) -> Iterator[WindowClip | Clip]:
    whole, places = choose(video.timeline, video.spec), list(cuts(video.timeline, windows, video.spec))
    wanted = {*whole, *(number for cut in places for number in cut.chosen)}
    coming = video.frames(sorted(wanted))
    held: dict[int, Picked] = {}
    kept: dict[int, Picked] = {}  # the frames of the whole video's clip
    for cut in places:
        held = {number: picked for number, picked in held.items() if number >= cut.first}
        _hold(coming, cut.chosen[-1], held)
        kept |= {number: held[number] for number in whole if number in held}
        yield _window_clip(video, cut, held, windows, len(places))
    kept |= {picked.wanted: picked for picked in coming}
    yield video.clip(whole, kept)


def _hold(coming: Iterator[Picked], last: int, held: dict[int, Picked]) -> None:
    """Take in frames up to number `last`."""
    while last not in held:
        picked = next(coming)
        held[picked.wanted] = picked


def _window_clip(video: Video, cut: Cut, held: dict[int, Picked], windows: Windows, count: int) -> WindowClip:
    picked = [held[number] for number in cut.chosen]
    return WindowClip(video.stack(picked), cut.start, cut.end, video.seconds(picked), windows, count)
