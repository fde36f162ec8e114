"""Which conformal score gives the smallest answer sets? Compares some on the predictions that releases keep.

    python -m benchmarks.answer_sets [--store DIR] [--coverage 0.95] [NAME ...]

Temperature and thresholds are cross-fitted: each part of the source videos has those of the other parts. Each source
video counts once, the label is always in the set, and intervals resample source videos.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from training.errors import TrainingError
from training.evaluation.answer_sets import conformal_quantiles
from training.evaluation.bootstrap import Floats, SourceVideos, interval, once_each
from training.evaluation.calibration import cross_fit, mean_probabilities
from training.evaluation.predictions import Scores
from training.evaluation.stored import load_predictions
from videoxception.answer import Probabilities, set_members
from videoxception.answer_sets import DEFAULT_COVERAGE, check_coverage
from videoxception.store import ModelStore, StoreError

_RAPS, _SAPS = 0.01, 0.1  # added for each rank


def ranks(rows: Probabilities) -> Floats:
    """Return the rank (N, K) of each class: 0 for the most probable one."""
    return np.argsort(np.argsort(-rows, 1, kind="stable"), 1).astype(np.float64)


def more_probable(rows: Probabilities) -> Floats:
    """Return the summed probabilities (N, K) of the classes that are more probable than each."""
    order = np.argsort(-rows, 1, kind="stable")
    ordered = np.take_along_axis(rows, order, 1)
    sums = np.empty_like(rows)
    np.put_along_axis(sums, order, np.cumsum(ordered, 1) - ordered, 1)
    return sums


def saps(rows: Probabilities) -> Floats:
    """Return the largest probability (half of it for its own class), and a weight for each rank behind it."""
    rank, largest = ranks(rows), rows.max(1, keepdims=True)
    return np.where(rank == 0, largest / 2, largest + (rank - 0.5) * _SAPS)


SCORES: dict[str, Callable[[Probabilities], Floats]] = {
    "1 - p (LAC, arXiv 1609.00451)": lambda rows: 1 - rows,
    "p of the label / p": lambda rows: rows.max(1, keepdims=True) / np.maximum(rows, 1e-300),
    "p of the label - p": lambda rows: rows.max(1, keepdims=True) - rows,
    "rank": ranks,
    "p of all that are more probable (APS, arXiv 2006.02544)": more_probable,
    "the same and p itself": lambda rows: more_probable(rows) + rows,
    f"APS + {_RAPS} a rank (RAPS, arXiv 2009.14193)": lambda rows: more_probable(rows) + _RAPS * ranks(rows),
    f"p of the label + {_SAPS} a rank (SAPS, arXiv 2310.06430)": saps,
}


def sets_by(score: Callable[[Probabilities], Floats], scores: Scores, coverage: float) -> npt.NDArray[np.bool_]:
    """Return the answer sets (N, K) by a score (N, K) that is high for strange classes. Raises `TrainingError`."""
    videos, truth = SourceVideos(scores.data.groups), np.asarray(scores.data.targets)
    fitted = cross_fit(scores.logits, scores.data.targets, videos)
    if fitted is None:
        raise TrainingError("the predictions are of a single source video, so that nothing can be cross-fitted")
    sets = set_members(fitted.probabilities, np.inf)  # the label
    for k, temperature in enumerate(fitted.temperatures):
        own = fitted.part == k
        others = score(mean_probabilities(scores.logits[~own], temperature))
        of_truth = others[np.arange(len(others)), truth[~own]]
        sets[own] |= score(fitted.probabilities[own]) <= conformal_quantiles(of_truth, videos.of_item[~own], [coverage])
    return sets


def table(scores: Scores, coverage: float) -> str:
    """Return a row for each score: what it covers, the mean size of the sets, and how many are one class alone."""
    videos, truth = SourceVideos(scores.data.groups), np.asarray(scores.data.targets)
    weights, rows = (
        once_each(videos.of_item),
        ["| score | coverage | mean size | one class alone |", "| --- " * 4 + "|"],
    )
    for name, score in SCORES.items():
        sets = sets_by(score, scores, coverage)
        covered, sizes = np.average(sets[np.arange(len(truth)), truth], weights=weights), sets.sum(1).astype(np.float64)
        low, high = interval(videos.means(sizes, weights))
        size = f"{np.average(sizes, weights=weights):.2f} ({low:.2f} to {high:.2f})"
        rows.append(f"| {name} | {covered:.1%} | {size} | {np.average(sizes == 1, weights=weights):.1%} |")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m benchmarks.answer_sets`."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.answer_sets",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("models", nargs="*", default=["videoxception-a", "videoxception-b"], metavar="NAME[@V]")
    parser.add_argument("--store", default="", metavar="DIR", help="model stores to look in, beside the built-in one")
    parser.add_argument("--coverage", type=float, default=DEFAULT_COVERAGE, metavar="SHARE", help="(default: 0.95)")
    options = parser.parse_args(arguments)
    try:
        for name in options.models:
            release = ModelStore.from_path(options.store).load(name)
            scores = load_predictions(release.predictions).scores
            print(f"{release}, coverage {options.coverage}\n\n{table(scores, check_coverage(options.coverage))}\n")
    except (StoreError, TrainingError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
