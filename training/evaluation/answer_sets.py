"""Thresholds of conformal answer sets, fitted over source videos, and what the sets are worth."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import Floats, Ints, SourceVideos, interval, once_each, rounded
from training.evaluation.calibration import CrossFitted, ViewLogits, mean_probabilities
from videoxception.answer import Probabilities, set_members
from videoxception.answer_sets import DEFAULT_COVERAGE, LEVELS, threshold_at
from videoxception.manifest import AnswerSets, ClassSets, SetFigures

_TIE = 1e-9  # less than any weight, more than the error of a sum of them

Members = npt.NDArray[np.bool_]
"""(N, K): which classes are in the answer set of each item."""


def conformal_quantiles(scores: Floats, video: Ints, levels: Sequence[float]) -> Floats:
    """Return, for each level, a score that a clip of a new source video does not exceed with that probability.

    Clips of one source video are alike, so that clips are not exchangeable; source videos are. Each of the G source
    videos has weight 1 / (G + 1), shared equally by its clips, that of the new one lies at infinity, and the quantile
    is that of the whole: hierarchical conformal prediction (Lee, Barber and Willett, https://arxiv.org/abs/2306.06342),
    by which the pooled CDFs of Dunn, Wasserman and Ramdas (https://arxiv.org/abs/1809.07441) hold for a finite G too.
    The probability is at least the level and, without ties, at most 2 / (G + 1) more. With one clip a source video this
    is the usual quantile ceil((n + 1) level) / n (Angelopoulos and Bates, https://arxiv.org/abs/2107.07511).

    Args:
        scores: of the true class of each clip, (N,), the higher the stranger.
        video: number of each clip's source video, (N,).
        levels: probabilities, (L,).

    Returns:
        (L,); infinite where there are too few source videos.
    """
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(once_each(video)[order])
    wanted = np.asarray(levels) * (reached[-1] + 1) - _TIE
    found: Floats = np.append(scores[order], np.inf)[np.searchsorted(reached, wanted)]
    return found


def fit_thresholds(rows: Probabilities, truth: Ints, video: Ints) -> list[float]:
    """Return the least probability of a member of the answer set for each of LEVELS, rounded down.

    It is 0 where there are too few source videos, so that every class is a member. The coverage is promised for the
    weights that made the probabilities. Weights that were trained on all folds go by the thresholds of their fold
    models: for them it holds as far as they are like these.

    Args:
        rows: probabilities (N, K), by weights that have not learnt from these source videos.
        truth: numbers of the true classes, (N,).
        video: number of each item's source video, (N,).
    """
    least = -conformal_quantiles(-rows[np.arange(len(rows)), truth], video, LEVELS)
    thresholds: list[float] = (np.floor(np.maximum(least, 0) * 1e6) / 1e6).tolist()
    return thresholds


def cross_fitted_sets(logits: ViewLogits, truth: Ints, video: Ints, cross_fitted: CrossFitted) -> Members:
    """Return the answer sets at the default coverage, with temperature and thresholds of other source videos."""
    sets = np.zeros(cross_fitted.probabilities.shape, bool)
    for k, temperature in enumerate(cross_fitted.temperatures):
        own = cross_fitted.part == k
        thresholds = fit_thresholds(mean_probabilities(logits[~own], temperature), truth[~own], video[~own])
        sets[own] = set_members(cross_fitted.probabilities[own], threshold_at(thresholds, DEFAULT_COVERAGE))
    return sets


def measure_answer_sets(
    released: Members, cross_fitted: Members | None, truth: Ints, videos: SourceVideos, classes: Sequence[str]
) -> AnswerSets:
    """Measure answer sets at the default coverage: those of the released thresholds, and cross-fitted ones."""

    def figures(sets: Members) -> SetFigures:
        return _figures(sets, truth, videos, classes)

    return AnswerSets(
        asked=DEFAULT_COVERAGE,
        released=figures(released),
        cross_fitted=None if cross_fitted is None else figures(cross_fitted),
    )


def _figures(sets: Members, truth: Ints, videos: SourceVideos, classes: Sequence[str]) -> SetFigures:
    covered = sets[np.arange(len(truth)), truth].astype(np.float64)
    sizes, weights = sets.sum(1).astype(np.float64), once_each(videos.of_item)

    def mean(values: Floats, wanted: npt.NDArray[np.bool_]) -> float:
        return rounded(np.average(values[wanted], weights=weights[wanted]))

    everything = np.ones(len(truth), bool)
    return SetFigures(
        coverage=mean(covered, everything),
        coverage_interval=interval(videos.means(covered, weights)),
        mean_size=mean(sizes, everything),
        mean_size_interval=interval(videos.means(sizes, weights)),
        singletons=mean(sizes == 1, everything),
        per_class={
            classes[k]: ClassSets(coverage=mean(covered, truth == k), mean_size=mean(sizes, truth == k))
            for k in np.unique(truth)
        },
    )
