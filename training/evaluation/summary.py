"""All figures of a model's predictions for a data set, and the probabilities that they are of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation.answer_sets import cross_fitted_sets, measure_answer_sets
from training.evaluation.bootstrap import SourceVideos
from training.evaluation.calibration import CrossFitted, cross_fit, mean_probabilities
from training.evaluation.metrics import measure
from training.evaluation.ood import ACTIONS, OodScores, candidate_scores, measure_known
from training.evaluation.predictions import Scores
from training.evaluation.reliability import measure_reliability
from training.evaluation.single_frame import measure_baselines
from videoxception.answer import Probabilities, set_members
from videoxception.answer_sets import DEFAULT_COVERAGE, threshold_at
from videoxception.manifest import AnswerSets, Calibration, Metrics


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's scores, its probabilities (N, K) as released and with cross-fitted temperatures, and their figures.

    `ood_scores` are how each candidate scores true actions and OOD sets, by name; empty if there are no such sets.
    """

    scores: Scores
    probabilities: Probabilities
    cross_fitted: CrossFitted | None
    metrics: Metrics
    ood_scores: Mapping[str, OodScores]


def evaluate(
    scores: Scores, calibration: Calibration, protocol: str, ood: Mapping[str, OodScores] | None = None
) -> Evaluation:
    """Measure everything, with the released temperature and thresholds.

    Args:
        protocol: says in words which items they are.
        ood: scores of OOD sets, by their names.
    """
    data, videos, temperature = scores.data, SourceVideos(scores.data.groups), calibration.temperature
    rows = mean_probabilities(scores.logits, temperature)
    cross_fitted = cross_fit(scores.logits, data.targets, videos)
    actions = OodScores(candidate_scores(scores.outputs, len(data.classes), temperature), data.groups)
    baselines = None
    if scores.frames is not None:
        baselines = measure_baselines(rows, scores.frames, np.asarray(data.targets), videos, temperature)
    metrics = measure(
        rows,
        data.targets,
        data.groups,
        data.classes,
        f"{scores.kind}, {protocol}",
        views=scores.views.count,
        reliability=measure_reliability(scores.logits, data.targets, videos, temperature, cross_fitted),
        baselines=baselines,
        known=measure_known(actions, ood, calibration) if ood else None,
        answer_sets=_answer_sets(scores, rows, videos, calibration.answer_set_thresholds, cross_fitted),
    )
    return Evaluation(scores, rows, cross_fitted, metrics, {ACTIONS: actions, **ood} if ood else {})


def _answer_sets(
    scores: Scores,
    rows: Probabilities,
    videos: SourceVideos,
    thresholds: Sequence[float] | None,
    cross_fitted: CrossFitted | None,
) -> AnswerSets | None:
    """Measure the answer sets of a model that has thresholds for them, given its probabilities (N, K) as released."""
    if thresholds is None:
        return None
    truth = np.asarray(scores.data.targets)
    again = None if cross_fitted is None else cross_fitted_sets(scores.logits, truth, videos.of_item, cross_fitted)
    released = set_members(rows, threshold_at(thresholds, DEFAULT_COVERAGE))
    return measure_answer_sets(released, again, truth, videos, scores.data.classes)
