"""Films joined from clips of any folder, with the times of their cuts."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import VideoFrame

RATE = 25
_SIZE = (320, 240)  # (width, height)
_SUFFIXES = frozenset({".avi", ".mp4", ".mkv", ".webm", ".mov", ".gif"})


@dataclass(frozen=True, slots=True)
class Part:
    """What a film shows from `start` to `end` in seconds: the label is None if it is none of the classes.

    `clip` is the file that it was joined from; None for several.
    """

    start: float
    end: float
    label: str | None
    clip: Path | None = None


def clips_in(folders: Sequence[Path], classes: Sequence[str]) -> list[tuple[Path, str | None]]:
    """Return the videos below folders with their labels: the folder that each lies in, if that is a class."""
    found = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    return [(path, path.parent.name if path.parent.name in classes else None) for path in found]


def join(target: Path, clips: Sequence[tuple[Path, str | None]], seed: int) -> list[Part]:
    """Write a film of clips in an order that the seed draws, at a constant rate; return its parts."""
    order = random.Random(seed).sample(clips, len(clips))
    parts, now = [], 0
    with av.open(str(target), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "18"})
        stream.width, stream.height = _SIZE
        stream.pix_fmt = "yuv420p"
        for path, label in order:
            start = now
            for frame in _at_rate(path):
                scaled = frame.reformat(*_SIZE, "yuv420p", interpolation="BICUBIC")
                scaled.pts, scaled.time_base = now, Fraction(1, RATE)
                output.mux(stream.encode(scaled))
                now += 1
            parts.append(Part(start / RATE, now / RATE, label, path))
        output.mux(stream.encode(None))
    return parts


def merged(parts: Sequence[Part]) -> list[Part]:
    """Return parts of which neighbours of one label are one: nobody can tell where one ends."""
    out: list[Part] = []
    for part in parts:
        same = out and out[-1].label == part.label
        out.append(Part(out.pop().start, part.end, part.label) if same else part)
    return out


def _at_rate(path: Path) -> Iterator[VideoFrame]:
    """Yield the frames that are on screen at each tick of the constant rate."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        step = 1 / (stream.average_rate or Fraction(RATE))
        ticks, shown = 0, Fraction(0)
        for number, frame in enumerate(container.decode(stream)):
            shown = number * step + step
            while Fraction(ticks, RATE) < shown:
                yield frame
                ticks += 1
