"""Which windows a long video is looked at through, and the frames of each: pure arithmetic.

The frames of a window [s, s + w) are those with s <= T_k < s + w, T_k counted from the first frame. The rule of clips
is applied to them as if they were a video of their own, so that a window is what the same stretch cut out would be.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from videoxception.clip import ClipSpec, Timeline, choose

SHORTEST, LONGEST = 0.1, 3600.0
"""Seconds that a window may have."""

OVERLAP = 32
"""Windows that may cover one moment: their frames are held until the last of them is complete."""

_AUTO_LENGTH, _AUTO_COUNT = 3.0, 1200


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of `length` seconds, one every `step` seconds from the start on, as long as the video lasts."""

    length: float
    step: float

    def __post_init__(self) -> None:
        if not SHORTEST <= self.length <= LONGEST:
            raise ValueError(f"a window must have {SHORTEST:g} to {LONGEST:g} seconds, but got {self.length:g}")
        if not self.length / OVERLAP <= self.step <= self.length:
            raise ValueError(
                f"the step of windows of {self.length:g} seconds must be {self.length / OVERLAP:g} to {self.length:g},"
                f" but got {self.step:g}"
            )

    @classmethod
    def of(cls, length: float, step: float | None = None) -> "Windows":
        """Return windows of a length; without a step, half of each is in the next. Raise `ValueError`."""
        return cls(length, length / 2 if step is None else step)

    @classmethod
    def auto(cls, duration: float) -> "Windows":
        """Return windows of 3 s, half covering the next; longer ones if a video of so many seconds had over 1,200."""
        return cls.of(min(max(_AUTO_LENGTH, math.ceil(2 * duration / _AUTO_COUNT)), LONGEST))

    def count(self, duration: float) -> int:
        """Return how many windows begin in a video of so many seconds."""
        return max(1, math.ceil(duration / self.step))


Asked = Windows | Literal["auto"]
"""The windows that are asked for, or to be chosen by the video's length."""


def ask(window: float | Literal["auto"], step: float | None = None) -> Asked:
    """Return the windows of a length in seconds and a step, or "auto". Raise `ValueError` if there are none such."""
    if window != "auto":
        return Windows.of(window, step)
    if step is not None:
        raise ValueError("windows that are chosen by the video's length have a step of their own; give none")
    return "auto"


@dataclass(frozen=True, slots=True)
class Cut:
    """A window: its place in seconds since the first frame, the number of its own first one, and those of its clip."""

    start: float
    end: float
    first: int
    chosen: list[int]


def cuts(timeline: Timeline, windows: Windows, spec: ClipSpec) -> Iterator[Cut]:
    """Yield the windows of a video that hold a frame; one that would end behind the video ends with it."""
    ticks, whole = timeline.ticks, Fraction(timeline.span) * timeline.tick
    length, step = Fraction(str(windows.length)), Fraction(str(windows.step))  # 0.1 is exactly a tenth
    start = Fraction(0)
    while start < whole:
        first, behind = (
            bisect_left(ticks, ticks[0] + math.ceil(moment / timeline.tick)) for moment in (start, start + length)
        )
        if first < behind:
            chosen = [first + k for k in choose(timeline.part(first, behind), spec)]
            yield Cut(float(start), float(min(start + length, whole)), first, chosen)
        start += step
