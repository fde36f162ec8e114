"""The two numbers that make a model's probabilities honest: a temperature, and a threshold below which it abstains."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from videoxception.answer import probabilities

_KEPT = 0.95  # of true actions
_GOLDEN = (5**0.5 - 1) / 2


def fit_temperature(logits: npt.NDArray[np.float32], targets: Sequence[int]) -> float:
    """The temperature with the least negative log-likelihood (Guo et al., 2017), by golden-section search on its log.

    The likelihood is concave in 1 / temperature, so there is one minimum; it is looked for between 1/20 and 20.
    """
    low, high = np.log(1 / 20), np.log(20)
    for _ in range(60):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _nll(logits, targets, left) < _nll(logits, targets, right):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 4)


def _nll(logits: npt.NDArray[np.float32], targets: Sequence[int], log_temperature: float) -> float:
    rows = probabilities(logits, float(np.exp(log_temperature)))
    return float(-np.log(rows[np.arange(len(rows)), np.asarray(targets)] + 1e-300).mean())


def fit_threshold(scores: npt.NDArray[np.float64]) -> float:
    """The highest threshold that keeps 95 % of clips that do show one of the actions, rounded down."""
    dropped = int((1 - _KEPT) * len(scores) + 1e-9)  # as many as may be
    return float(np.floor(np.sort(scores)[dropped] * 1e4) / 1e4)
