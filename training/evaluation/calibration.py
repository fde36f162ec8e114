"""The two numbers that make a model's probabilities honest: a temperature, and a threshold below which it abstains."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import Ints, SourceVideos
from videoxception.answer import Probabilities, probabilities

ViewLogits = npt.NDArray[np.float32]
"""(N, V, K): V views of each of N items."""

_KEPT = 0.95  # of true actions
_PARTS = 5  # of the source videos, each with the temperature that was fitted on the others
_GOLDEN = (5**0.5 - 1) / 2


def mean_probabilities(logits: ViewLogits, temperature: float) -> Probabilities:
    """Return the probabilities of each item (N, K): the mean of its views'."""
    return np.asarray(probabilities(logits, temperature).mean(1), np.float64)


def fit_temperature(logits: ViewLogits, targets: Sequence[int]) -> float:
    """Fit the temperature with the least negative log-likelihood (Guo et al., 2017), by golden-section search.

    With one view the likelihood is concave in 1 / temperature, so there is one minimum, looked for from 1/20 to 20.
    """
    low, high = np.log(1 / 20), np.log(20)
    for _ in range(60):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _nll(logits, targets, left) < _nll(logits, targets, right):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 4)


def _nll(logits: ViewLogits, targets: Sequence[int], log_temperature: float) -> float:
    rows = mean_probabilities(logits, float(np.exp(log_temperature)))
    return float(-np.log(rows[np.arange(len(rows)), np.asarray(targets)] + 1e-300).mean())


@dataclass(frozen=True, slots=True)
class CrossFitted:
    """Probabilities (N, K) with temperatures that were fitted on other source videos, one for each part of them.

    `part` (N,) is the number of each item's part.
    """

    probabilities: Probabilities
    temperatures: list[float]
    part: Ints


def cross_fit(logits: ViewLogits, targets: Sequence[int], videos: SourceVideos) -> CrossFitted | None:
    """Fit the temperature on some source videos and apply it to the others, in turns; None if there is only one."""
    if videos.count < 2:
        return None
    parts, truth = min(_PARTS, videos.count), np.asarray(targets)
    part = (np.random.RandomState(0).permutation(videos.count) % parts)[videos.of_item]
    rows, temperatures = np.empty((len(logits), logits.shape[2])), []
    for k in range(parts):
        temperatures.append(fit_temperature(logits[part != k], truth[part != k].tolist()))
        rows[part == k] = mean_probabilities(logits[part == k], temperatures[k])
    return CrossFitted(rows, temperatures, part)


def fit_threshold(scores: npt.NDArray[np.float64]) -> float:
    """Return the highest threshold that keeps 95 % of clips that do show one of the actions, rounded down."""
    dropped = int((1 - _KEPT) * len(scores) + 1e-9)  # as many as may be
    return float(np.floor(np.sort(scores)[dropped] * 1e6) / 1e6)
