"""Answer sets: the classes among which the true one is for at least a given share of videos, the coverage.

This is split conformal prediction (Angelopoulos and Bates, https://arxiv.org/abs/2107.07511). A class is in the set if
its probability reaches a threshold, a score that no other beats in mean size if the probabilities are right (Sadinle,
Lei and Wasserman, https://arxiv.org/abs/1609.00451); and so is the label, so that no set is empty. The coverage is
marginal: of all videos of the model's classes together, not of each class, and of nothing else.

A release has a threshold for each of LEVELS. `training.evaluation.answer_sets` fits them, `answer.set_members` applies
them.
"""

from bisect import bisect_left
from collections.abc import Sequence

LEVELS = tuple(level / 1000 for level in range(500, 1000))
"""The coverages that a release has thresholds for, ascending."""
LEAST_COVERAGE, MOST_COVERAGE = LEVELS[0], LEVELS[-1]
DEFAULT_COVERAGE = 0.95


class CoverageError(ValueError):
    """There is no answer set for the coverage that is asked for."""


def check_coverage(coverage: float) -> float:
    """Return the coverage as it is. Raises `CoverageError` if no release has thresholds for it."""
    if not LEAST_COVERAGE <= coverage <= MOST_COVERAGE:
        raise CoverageError(
            f"coverage must be from {LEAST_COVERAGE} to {MOST_COVERAGE} (usual: {DEFAULT_COVERAGE}), but got {coverage}"
        )
    return coverage


def threshold_at(thresholds: Sequence[float], coverage: float) -> float:
    """Return the threshold of the lowest level that is not below the coverage. Raises `CoverageError`."""
    return thresholds[bisect_left(LEVELS, check_coverage(coverage))]
