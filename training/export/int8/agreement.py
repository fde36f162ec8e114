"""How far an engine's answers are from those of the one that it is to replace, and whether that is near enough."""

import numpy as np
import numpy.typing as npt

from videoxception.answer import probabilities
from videoxception.engine.base import Logits
from videoxception.manifest import Agreement

EQUAL_LABELS, PROBABILITY_CHANGE = 0.985, 0.05
"""What it must keep to: the least share of equal labels, and the change that 99 % of the clips must stay below."""
_UNEXPLAINED = 0.25  # largest share of how clips' logits differ that may be lost


def agreement(expected: Logits, found: Logits, classes: int, temperature: float) -> Agreement:
    """Compare two engines' logits (N, K or more) for the same clips; the first `classes` of them are of the classes.

    An answer that is no number, such as a division by zero leaves, changes all of a probability, and never passes. Nor
    do answers that hardly depend on the clip, as those of a saturated graph, where the expected ones do: beside a
    network that has learnt little, whose probabilities are all alike, neither labels nor probabilities tell.
    """
    finite: npt.NDArray[np.bool_] = np.asarray(np.isfinite(found).all(1))
    sane = np.where(finite[:, None], found, expected)
    before, after = (probabilities(logits[:, :classes], temperature) for logits in (expected, sane))
    changes = np.where(finite, np.abs(before - after).max(1), 1.0)
    equal = float(((before.argmax(1) == after.argmax(1)) & finite).mean())
    change = float(np.quantile(changes, 0.99))
    return Agreement(
        n=len(changes),
        equal_labels=equal,
        change_median=float(np.median(changes)),
        change_p99=change,
        passed=bool(finite.all())
        and equal >= EQUAL_LABELS
        and change <= PROBABILITY_CHANGE
        and _lost(expected[:, :classes], sane[:, :classes]) <= _UNEXPLAINED,
    )


def _lost(expected: Logits, found: Logits) -> float:
    """Return the share of the variance of logits over clips that the found ones leave unexplained; 0 if none vary."""
    varying = float(expected.astype(np.float64).var(0).sum())
    return float((found.astype(np.float64) - expected).var(0).sum()) / varying if varying > 0 else 0.0
