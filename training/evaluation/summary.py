"""All figures of what a model said to a data set, and the probabilities that they are of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from training.evaluation.bootstrap import SourceVideos
from training.evaluation.calibration import CrossFitted, cross_fit, mean_probabilities
from training.evaluation.metrics import measure
from training.evaluation.ood import ACTIONS, OodScores, candidate_scores, measure_known
from training.evaluation.predictions import Scores
from training.evaluation.reliability import measure_reliability
from training.evaluation.single_frame import measure_baselines
from videoxception.answer import Probabilities
from videoxception.manifest import Calibration, Metrics


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's scores, its probabilities (N, K) as released and with crosswise temperatures, and their figures."""

    scores: Scores
    probabilities: Probabilities
    cross_fitted: CrossFitted | None
    metrics: Metrics
    ood_scores: dict[str, OodScores] = field(
        default_factory=dict
    )  # how each candidate scores true actions, and outsiders by name


def evaluate(scores: Scores, temperature: float, protocol: str) -> Evaluation:
    """Measures everything, with the model's released temperature. The protocol says in words which items they are."""
    data, videos = scores.data, SourceVideos(scores.data.groups)
    rows = mean_probabilities(scores.logits, temperature)
    cross_fitted = cross_fit(scores.logits, data.targets, videos)
    updates: dict[str, object] = {
        "views": scores.views.count,
        "reliability": measure_reliability(scores.logits, data.targets, videos, temperature, cross_fitted),
    }
    if scores.frames is not None:
        truth = np.asarray(data.targets)
        updates["baselines"] = measure_baselines(rows, scores.frames, truth, videos, temperature)
    metrics = measure(rows, data.targets, data.groups, data.classes, f"{scores.kind}, {protocol}")
    return Evaluation(scores, rows, cross_fitted, metrics.model_copy(update=updates))


def with_known(evaluation: Evaluation, ood: Mapping[str, OodScores], calibration: Calibration) -> Evaluation:
    """The evaluation with how well outsiders, by their names, are told from its items; without any, as it is."""
    if not ood:
        return evaluation
    scores = evaluation.scores
    inside = OodScores(
        candidate_scores(scores.outputs, len(scores.data.classes), calibration.temperature), scores.data.groups
    )
    metrics = evaluation.metrics.model_copy(update={"known": measure_known(inside, ood, calibration)})
    return replace(evaluation, metrics=metrics, ood_scores={ACTIONS: inside, **ood})
