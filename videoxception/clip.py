"""Clips and the rule that chooses a video's frames for them. Pure arithmetic: nothing here opens a file."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import floor
from statistics import median_low
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from videoxception.times import interpolate, median_step, spread, usable

Frames = npt.NDArray[np.uint8]
"""Frames of one clip, (F, H, W, 3), in the colour order of its spec."""

PositiveInt = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Segments(_Strict):
    """The whole video in equal parts, and from each the frame on screen at its centre."""

    kind: Literal["segments"] = "segments"


class Window(_Strict):
    """A stretch around the middle of the video, `length` seconds long, and from it a frame every `step` seconds."""

    kind: Literal["window"] = "window"
    length: Seconds
    step: Seconds


Sampling = Segments | Window
"""Which moments of a video the frames are of."""


class Stretch(_Strict):
    """The whole frame is scaled to the clip's size; its aspect ratio is not kept."""

    kind: Literal["stretch"] = "stretch"


class Crop(_Strict):
    """The shorter side is scaled to `short_side` pixels, and the centre of the frame is cut out."""

    kind: Literal["crop"] = "crop"
    short_side: PositiveInt


class ResizeCrop(_Strict):
    """The whole frame is scaled to `height` x `width`, its aspect ratio not kept, and the centre is cut out."""

    kind: Literal["resize_crop"] = "resize_crop"
    height: PositiveInt
    width: PositiveInt


Fit = Stretch | Crop | ResizeCrop
"""How a frame becomes as large as a clip's."""


class ClipSpec(_Strict):
    """The input that a model expects. It is part of a released model, and serving and evaluation follow it.

    `channels` is the order of the colours; `scale`, `mean` and `std` map bytes to a network's input:
    (byte * scale - mean) / std. The defaults are those of VideoXception, which normalises by itself.
    """

    frames: PositiveInt = 10
    size: tuple[PositiveInt, PositiveInt] = (128, 128)  # (height, width)
    sampling: Annotated[Sampling, Field(discriminator="kind")] = Segments()
    fit: Annotated[Fit, Field(discriminator="kind")] = Stretch()
    channels: Literal["RGB", "BGR"] = "RGB"
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[Seconds, Seconds, Seconds] = (1.0, 1.0, 1.0)

    @model_validator(mode="after")
    def _sizes_fit(self) -> "ClipSpec":
        if isinstance(self.fit, Crop) and self.fit.short_side < max(self.size):
            raise ValueError(f"a crop of {self.size} does not fit a short side of {self.fit.short_side} pixels")
        if isinstance(self.fit, ResizeCrop) and (self.fit.height < self.size[0] or self.fit.width < self.size[1]):
            raise ValueError(
                f"a crop of {self.size} does not fit frames of {self.fit.height} x {self.fit.width} pixels"
            )
        if isinstance(self.sampling, Window) and self.frames != round(self.sampling.length / self.sampling.step):
            raise ValueError(
                f"a window of {self.sampling.length} s with a frame every {self.sampling.step} s does not hold"
                f" {self.frames} frames"
            )
        return self

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(F, H, W, 3), the shape of a clip's frames."""
        return (self.frames, *self.size, 3)


@dataclass(frozen=True, slots=True)
class Timeline:
    """When the frames of a video are on screen: `ticks[k]` is the time of frame k, rising, in `tick` seconds.

    `durations` are those of the frames as the file says them, in ticks; empty if it says none that can be trusted.
    Where the file gives no times, the ticks are the numbers of the frames, and `tick` is one over a guessed frame rate
    (`timed` is False then).
    """

    ticks: Sequence[int]
    durations: Sequence[int]
    tick: Fraction
    timed: bool = True

    def __len__(self) -> int:
        return len(self.ticks)

    @property
    def span(self) -> int:
        """Ticks from the first frame to the end of the last, which lasts the median step if the file does not say."""
        if not self.timed:
            return len(self)
        last = self.durations[-1] if self.durations else 0
        return self.ticks[-1] - self.ticks[0] + (last or median_step(self.ticks) or 0)

    def part(self, first: int, behind: int) -> "Timeline":
        """Return the timeline of a video that has only the frames from number `first` up to that before `behind`."""
        return Timeline(self.ticks[first:behind], self.durations[first:behind], self.tick, self.timed)

    def seconds(self, k: int) -> float:
        """Return the time of frame k in seconds since the first frame."""
        return (self.ticks[k] - self.ticks[0]) * self.tick.numerator / self.tick.denominator

    @property
    def steps(self) -> list[int]:
        """Ticks from each frame to the next."""
        return [b - a for a, b in pairwise(self.ticks)]

    @property
    def variable(self) -> bool:
        """Whether the steps differ by more than rounding to ticks explains."""
        steps = self.steps
        return bool(steps) and max(steps) - min(steps) > max(2, median_low(steps) // 20)


def make_timeline(
    times: Sequence[int | None], durations: Sequence[int], time_base: Fraction, rate: Fraction
) -> Timeline:
    """Make the timeline of a video from the times of its frames, in any order, in units of `time_base`.

    `durations` are those of the frames in the order in which they are shown, or empty. Missing and equal times are
    interpolated; if they are half or more, frames count as shown at a constant `rate`, in frames a second.
    """
    if not usable(times):
        return Timeline(range(len(times)), (), 1 / rate, timed=False)
    return Timeline(spread(sorted(interpolate(times))), durations, time_base)


def choose(timeline: Timeline, spec: ClipSpec) -> list[int]:
    """Return the indices of a clip's F frames, in ascending order; some repeat if the video is short.

    Frame i is the one on screen at the centre of its part of the video: the largest k with
    T_k - T_0 <= (2i+1) D / 2F. Exact: times are whole ticks, so that the centre may be rounded down.
    """
    ticks, span = timeline.ticks, timeline.span
    centres = (ticks[0] + _centre(i, span, timeline.tick, spec) for i in range(spec.frames))
    return [max(0, bisect_right(ticks, centre) - 1) for centre in centres]


def _centre(i: int, span: int, tick: Fraction, spec: ClipSpec) -> int:
    """Return the moment that frame i of the clip shows, in whole ticks since the first frame."""
    if isinstance(spec.sampling, Segments):
        return (2 * i + 1) * span // (2 * spec.frames)
    step = Fraction(str(spec.sampling.step)) / tick  # from its decimal digits: 0.4 is exactly two fifths
    return floor(Fraction(span, 2) + (i - Fraction(spec.frames - 1, 2)) * step)


@dataclass(frozen=True, slots=True)
class Clip:
    """The frames of one video that a model gets, and where they come from.

    `frames` is uint8 (F, H, W, 3), RGB. `duration` is in seconds, None if the file does not say. `width` and `height`
    are those of the clip's first frame before scaling, as displayed (after rotation). `timestamps` are the F frames'
    times in seconds since the video's first frame. `warnings` are keys of WARNINGS, with numbers for N and M. `decoded`
    is the number of frames that were decoded for the clip, and `planned` is True if the decoder could skip the others.
    """

    frames: Frames = field(repr=False)
    duration: float | None
    width: int
    height: int
    codec: str
    timestamps: tuple[float, ...]
    warnings: tuple[str, ...] = ()
    decoded: int = 0
    planned: bool = False


WARNINGS = {
    "short": "the video has fewer frames than the model looks at; some are shown more than once",
    "key frames only": "decoding it all would cost too much; of each moment, the nearest key frame was used",
    "damaged": "some frames could not be decoded; the nearest ones before them were used",
    "truncated": "the file is shorter than its header says; the answer is about the part that is there",
    "rotated": "the file says that its frames lie on their side or head; they were turned",
    "mirrored": "the file says that its frames are to be shown mirrored; they were",
    "video N of M": "of the file's M video streams, the Nth was taken: the default one, or else the largest that moves",
    "hdr": "the colours are HDR or those of BT.2020; they were mapped to those of standard video",
    "dolby vision": "the video is Dolby Vision of profile 5: colours that only Dolby's decoders know, and wrong here",
    "variable rate": "the frames are not evenly spaced in time",
    "no times": "the file gives no times; the seconds are a guess from its frame rate",
}
