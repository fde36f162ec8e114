"""How right timelines are on a film of clips from any folders, for windows of several lengths.

    python -m benchmarks.timeline.accuracy --files DIR [DIR ...] [--model NAME[@V] ...] [--films 5]

A clip's label is the name of the folder that it lies in, if that is a class of the model; else it is none of them.
"""

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timeline.film import Part, clips_in, join, merged
from benchmarks.timeline.scores import boundary_errors, edit_score, frame_accuracy, main_label, mean_average_precision
from videoxception import Classifier
from videoxception.answer import Answer
from videoxception.classifier import TimelinePrediction

WINDOWS = (2.0, 3.0, 4.0, 5.0, 6.0)


@dataclass(frozen=True, slots=True)
class Film:
    """A film, its parts, and the label (or none) that each part's clip gets alone, by file."""

    path: Path
    parts: list[Part]
    alone: dict[Path, str | None]


def make_films(
    folder: Path, clips: Sequence[tuple[Path, str | None]], count: int, classifier: Classifier
) -> list[Film]:
    """Join the clips in so many orders."""
    alone = {path: label_of(classifier.predict(path).answer) for path, _ in clips}
    paths = [folder / f"{seed}.mp4" for seed in range(count)]
    return [Film(path, join(path, clips, seed), alone) for seed, path in enumerate(paths)]


def label_of(answer: Answer) -> str | None:
    """Return the label of an answer, or none if it is probably no class."""
    return answer.label if answer.known else None


def row(film: Film, found: TimelinePrediction) -> list[float]:
    """Return the scores of a film's timeline."""
    truth = merged(film.parts)
    errors = boundary_errors(truth, found.timeline)
    as_alone = [main_label(part, found.timeline) == film.alone[part.clip] for part in film.parts if part.clip]
    return [
        frame_accuracy(truth, found.timeline),
        mean_average_precision(truth, found.timeline),
        edit_score(truth, found.timeline),
        statistics.median(errors),
        statistics.mean(error <= found.windows.length / 2 for error in errors),
        statistics.mean(as_alone),
    ]


def table(classifier: Classifier, films: list[Film], options: argparse.Namespace) -> str:
    """Return a table of the means over films, a row a length of windows."""
    lines = [
        "| window, s | frames right | mAP at tIoU 0.5 | edit score | cuts off by (median, s) | within half a window"
        " | labels as the single clips' |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for length in WINDOWS:
        rows = []
        for film in films:
            found = classifier.timeline(
                film.path, length, options.step, smoothing=options.smoothing, shortest=options.shortest
            )
            rows.append(row(film, found))
        right, precision, edit, off, near, same = (statistics.mean(column) for column in zip(*rows, strict=True))
        lines.append(
            f"| {length:g} | {right:.1%} | {precision:.2f} | {edit:.2f} | {off:.2f} | {near:.0%} | {same:.0%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="+", required=True, metavar="DIR", help="folders of clips")
    parser.add_argument("--model", nargs="+", default=["videoxception-c"], metavar="NAME[@V]")
    parser.add_argument("--films", type=int, default=5, help="orders of the clips")
    parser.add_argument("--step", type=float, help="seconds from one window to the next (default: half a window)")
    parser.add_argument(
        "--smoothing", type=float, help="seconds that windows are averaged over (default: half a window)"
    )
    parser.add_argument("--shortest", type=float, help="seconds of the shortest stretch (default: half a window)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.model:
            with Classifier.load(name, device="cpu") as classifier:
                clips = clips_in(options.files, classifier.classes)
                films = make_films(Path(folder), clips, options.films, classifier)
                seconds = films[0].parts[-1].end
                print(f"{classifier.release}: {len(films)} films of {len(clips)} clips, {seconds:.0f} s each\n")
                print(table(classifier, films, options) + "\n", flush=True)


if __name__ == "__main__":
    main()
