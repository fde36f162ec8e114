"""A model's answers for real videos, and how stable they are.

    python -m benchmarks.real --files DIR [DIR ...] [--model NAME@VERSION] [--label TennisSwing]

Beside each answer: the one to its middle frame alone; those to the clip at four other moments, up to two fifths of
the time between its frames to either side; and the one to the video re-encoded as H.264 at half its size, CRF 32.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from benchmarks.service.__main__ import videos
from training.evaluation.views import Views
from videoxception import engine as engines
from videoxception.answer import Answer, answer
from videoxception.clip import Frames
from videoxception.engine import Engine
from videoxception.store import ModelStore, Release
from videoxception.video import VideoError, decode

_VIEWS = Views(5)
_CRF = "32"
_TABLE = 40  # files; of more, only the summary is printed


@dataclass(frozen=True, slots=True)
class VideoAnswers:
    """The answers for one video: as served, for its middle frame, at other moments, and re-encoded."""

    name: str
    own: Answer
    middle: Answer
    moments: list[Answer]
    again: Answer


def answer_video(path: Path, release: Release, engine: Engine) -> VideoAnswers:
    """Compute a video's answers. Raises `VideoError`, or FFmpeg's error if the video cannot be re-encoded."""
    spec = release.manifest.clip
    clips = _VIEWS.clips(spec, lambda wanted: decode(path, wanted).frames)
    own = _VIEWS.own(clips)
    middle = np.broadcast_to(own[len(own) // 2], own.shape)
    with tempfile.TemporaryDirectory() as folder:
        again = decode(encode_again(path, Path(folder) / "again.mp4"), spec).frames

    def ask(clip: Frames) -> Answer:
        return answer(release.manifest, engine.predict(np.ascontiguousarray(clip)[None])[0])

    others = [ask(clip) for i, clip in enumerate(clips) if i != len(clips) // 2]
    return VideoAnswers(path.name, ask(own), ask(middle), others, ask(again))


def encode_again(path: Path, target: Path) -> Path:
    """Encode a video as H.264 at half its size and a constant frame rate; return `target`."""
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        shown = source.streams.video[0]
        rate = shown.average_rate or Fraction(25)
        stream = output.add_stream("libx264", rate=rate, options={"crf": _CRF})
        stream.width, stream.height = (max(2, side // 4 * 2) for side in (shown.width, shown.height))
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(source.decode(shown)):
            smaller = frame.reformat(stream.width, stream.height, "yuv420p")
            smaller.pts, smaller.time_base = number, 1 / rate
            output.mux(stream.encode(smaller))
        output.mux(stream.encode(None))
    return target


def change(first: Answer, other: Answer) -> float:
    """Return the largest difference of a probability."""
    return max(abs(first.probabilities[name] - other.probabilities[name]) for name in first.probabilities)


def table(seen: Sequence[VideoAnswers]) -> str:
    """Format a table with a row for each video."""
    lines = [
        "| video | answer | known (score) | middle frame | four moments: same, largest change | encoded again |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in seen:
        own, moments = each.own, each.moments
        known = f"{'yes' if own.known else 'no'} ({own.known_score:.2f})"
        steady = f"{_same(own, moments)} of {len(moments)}, {max(change(own, other) for other in moments):.2f}"
        again = f"{_shown(each.again)}, {change(own, each.again):.2f}"
        shown = (_shown(own), known, _shown(each.middle), steady, again)
        lines.append(f"| {each.name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def summary(seen: Sequence[VideoAnswers], label: str) -> list[str]:
    """Return lines with counts and medians over all videos."""
    count = len(seen)
    moved = [change(each.own, other) for each in seen for other in each.moments]
    again = [change(each.own, each.again) for each in seen]
    lines = [
        f"{count} videos, {sum(each.own.known for each in seen)} of them known",
        f"middle frame alone: {sum(each.own.label == each.middle.label for each in seen)} same labels",
        f"at other moments: {sum(_same(s.own, s.moments) for s in seen)} of {len(moved)} same labels,"
        f" a probability changes by {statistics.median(moved):.3f} (median), {max(moved):.2f} (most)",
        f"encoded again: {sum(each.own.label == each.again.label for each in seen)} same labels,"
        f" a probability changes by {statistics.median(again):.3f} (median), {max(again):.2f} (most)",
    ]
    if label:
        right = [
            sum(given.label == label for given in answers)
            for answers in ([s.own for s in seen], [s.middle for s in seen])
        ]
        lines.append(f"{label}: {right[0]} of {count} clips, {right[1]} of {count} middle frames")
    return lines


def _same(own: Answer, others: Sequence[Answer]) -> int:
    return sum(other.label == own.label for other in others)


def _shown(given: Answer) -> str:
    return f"{given.label} {given.confidence:.3f}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="+", required=True, metavar="DIR", help="folders of videos")
    parser.add_argument("--model", default="videoxception-a", metavar="NAME[@V]")
    parser.add_argument("--label", default="", help="a class, whose answers are counted")
    options = parser.parse_args()
    release = ModelStore().load(options.model)
    engine = engines.create(release, "cpu")
    seen = []
    for path in videos(options.files):
        try:
            seen.append(answer_video(path, release, engine))
        except (VideoError, av.FFmpegError) as error:
            print(f"left out: {path.name}: {error}")
    if not seen:
        sys.exit("error: none of the files could be read")
    print(f"{release}, {engine.precision}\n")
    if len(seen) <= _TABLE:
        print(f"{table(seen)}\n")
    print("\n".join(summary(seen, options.label)))


if __name__ == "__main__":
    main()
