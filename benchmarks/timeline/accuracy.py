"""How right timelines are on a film of clips from any folders, for windows of several lengths.

    python -m benchmarks.timeline.accuracy --files DIR [DIR ...] [--model NAME[@V] ...] [--films 5]

A clip's label is the name of the folder that it lies in, if that is a class of the model; else it is none of them.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks.timeline.film import Part, clips_in, join
from benchmarks.timeline.scores import boundary_errors, edit_score, frame_accuracy, mean_average_precision
from videoxception import Classifier
from videoxception.classifier import TimelinePrediction

WINDOWS = (2.0, 3.0, 4.0, 5.0, 6.0)
Film = tuple[Path, list[Part]]


def row(truth: list[Part], found: TimelinePrediction) -> list[float]:
    """Return the scores of a film's timeline."""
    errors = boundary_errors(truth, found.timeline)
    near = sum(error <= found.windows.length / 2 for error in errors) / len(errors)
    return [
        frame_accuracy(truth, found.timeline),
        mean_average_precision(truth, found.timeline),
        edit_score(truth, found.timeline),
        statistics.median(errors),
        near,
    ]


def table(classifier: Classifier, films: list[Film], step: float | None, smoothing: float | None = None) -> str:
    """Return a table of the means over films, a row a length of windows."""
    lines = [
        "| window, s | frames right | mAP at tIoU 0.5 | edit score | cuts off by (median, s) | within half a window |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for length in WINDOWS:
        rows = [row(parts, classifier.timeline(path, length, step, smoothing=smoothing)) for path, parts in films]
        right, precision, edit, off, near = (statistics.mean(column) for column in zip(*rows, strict=True))
        lines.append(f"| {length:g} | {right:.1%} | {precision:.2f} | {edit:.2f} | {off:.2f} | {near:.0%} |")
    return "\n".join(lines)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="+", required=True, metavar="DIR", help="folders of clips")
    parser.add_argument("--model", nargs="+", default=["videoxception-c"], metavar="NAME[@V]")
    parser.add_argument("--films", type=int, default=5, help="orders of the clips")
    parser.add_argument("--step", type=float, help="seconds from one window to the next (default: half a window)")
    parser.add_argument("--smoothing", type=float, help="seconds that windows are averaged over (default: a window)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.model:
            with Classifier.load(name, device="cpu") as classifier:
                clips = clips_in(options.files, classifier.classes)
                films = [
                    (path, join(path, clips, seed))
                    for seed in range(options.films)
                    for path in [Path(folder) / f"{seed}.mp4"]
                ]
                seconds = films[0][1][-1].end
                print(f"{classifier.release}: {len(films)} films of {len(clips)} clips, {seconds:.0f} s each\n")
                print(table(classifier, films, options.step, options.smoothing) + "\n")


if __name__ == "__main__":
    main()
