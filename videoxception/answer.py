"""Logits -> an answer: calibrated probabilities, the label, what else it may be, and whether it is a class at all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from videoxception.answer_sets import DEFAULT_COVERAGE, check_coverage, threshold_at
from videoxception.manifest import KnownScore, Manifest

Probabilities = npt.NDArray[np.float64]
"""(B, K), rows sum to 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer for one clip. `probabilities` has every class, in the model's order.

    `answer_set` begins with the label; the other classes in it follow by their probabilities. It is None if the model
    was released without thresholds.
    """

    label: str
    confidence: float
    known: bool
    known_score: float
    answer_set: tuple[str, ...] | None
    probabilities: dict[str, float]


def probabilities(logits: npt.NDArray[np.floating], temperature: float) -> Probabilities:
    """Return softmax(logits / temperature) of logits (B, K), in float64."""
    scaled = np.asarray(logits, np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(-1, keepdims=True), np.float64)


def share_of_classes(logits: npt.NDArray[np.floating], background: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the sum of the classes' probabilities in the softmax over classes (..., K) and background (...).

    The result (...) is from 0 to 1. There is no temperature: it would change the threshold, not the order of clips.
    """
    rest = np.asarray(background, np.float64)
    return np.asarray(1 / (1 + np.exp(np.clip(rest - log_sum(logits), -700, 700))), np.float64)


def log_sum(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the log-sum-exp (...) of logits (..., K), in float64."""
    return np.asarray(np.logaddexp.reduce(np.asarray(logits, np.float64), -1), np.float64)


def set_members(rows: Probabilities, threshold: float) -> npt.NDArray[np.bool_]:
    """Return which classes are in the answer sets, (..., K), given probabilities (..., K)."""
    inside = np.asarray(rows >= threshold)
    np.put_along_axis(inside, rows.argmax(-1, keepdims=True), True, -1)
    return inside


def answer(manifest: Manifest, logits: npt.NDArray[np.floating], coverage: float = DEFAULT_COVERAGE) -> Answer:
    """Return the answer for one clip from its logits, (K,) or, of a model with a background, (K + 1,).

    `coverage` is that of the answer set. Raises `CoverageError` if there is none for it.
    """
    calibration, own = manifest.calibration, logits[: len(manifest.classes)]
    row = probabilities(own[None], calibration.temperature)[0]
    best = int(row.argmax())
    score = _known_score(calibration.known_score, row, logits)
    return Answer(
        label=manifest.classes[best],
        confidence=float(row[best]),
        known=score >= calibration.known_threshold,
        known_score=score,
        answer_set=_answer_set(manifest, row, check_coverage(coverage)),
        probabilities=dict(zip(manifest.classes, row.tolist(), strict=True)),
    )


def _answer_set(manifest: Manifest, row: npt.NDArray[np.float64], coverage: float) -> tuple[str, ...] | None:
    """Return the answer set of one clip with probabilities (K,), the most probable class first."""
    thresholds = manifest.calibration.answer_set_thresholds
    if thresholds is None:
        return None
    inside = set_members(row, threshold_at(thresholds, coverage))
    return tuple(manifest.classes[k] for k in np.argsort(-row, kind="stable") if inside[k])


def _known_score(kind: KnownScore, row: Probabilities, logits: npt.NDArray[np.floating]) -> float:
    """Return the known-score of one clip with probabilities (K,)."""
    if kind == "background":
        return float(share_of_classes(logits[: len(row)], logits[len(row)]))
    return float(row.max())
