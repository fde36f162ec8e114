"""Logits -> an answer: calibrated probabilities, the label, and whether the clip shows one of the classes at all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from videoxception.manifest import Manifest

Probabilities = npt.NDArray[np.float64]
"""(B, K), rows sum to 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of one clip. `probabilities` has every class, in the model's order."""

    label: str
    confidence: float
    known: bool
    known_score: float
    probabilities: dict[str, float]


def probabilities(logits: npt.NDArray[np.floating], temperature: float) -> Probabilities:
    """Logits (B, K) -> softmax(logits / temperature), in float64."""
    scaled = np.asarray(logits, np.float64) / temperature
    scaled = np.exp(scaled - scaled.max(-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(-1, keepdims=True), np.float64)


def answer(manifest: Manifest, logits: npt.NDArray[np.floating]) -> Answer:
    """The answer to one clip from its logits (K,)."""
    row = probabilities(logits[None], manifest.calibration.temperature)[0]
    best = int(row.argmax())
    score = float(row[best])
    return Answer(
        label=manifest.classes[best],
        confidence=score,
        known=score >= manifest.calibration.known_threshold,
        known_score=score,
        probabilities=dict(zip(manifest.classes, row.tolist(), strict=True)),
    )
