"""Which labels a model doubts that has not learnt from the clip: mistakes of labelling stand first among them."""

from dataclasses import dataclass

import numpy as np

from training.evaluation.bootstrap import Floats, Ints
from videoxception.answer import Probabilities

_LEAST = 1e-9  # of a probability


@dataclass(frozen=True, slots=True)
class Doubts:
    """How far each label is doubted, (N,), and the number of the class that the model would have instead, (N,).

    A doubt is the logarithm of the odds of that other class against the label: above 0, the model contradicts.
    """

    doubt: Floats
    instead: Ints

    @property
    def order(self) -> Ints:
        """Rows (N,), the most doubted label first."""
        return np.argsort(-self.doubt, kind="stable")


def label_doubts(probabilities: Probabilities, targets: Ints) -> Doubts:
    """Measure how far labels are doubted, by probabilities (N, K) of weights that have not learnt from the items.

    Source: the margins of Northcutt, Jiang and Chuang, Confident learning, https://arxiv.org/abs/1911.00068.
    """
    rows = np.arange(len(targets))
    others = probabilities.copy()
    others[rows, targets] = -1
    instead = others.argmax(1)
    odds = np.maximum(others[rows, instead], _LEAST) / np.maximum(probabilities[rows, targets], _LEAST)
    return Doubts(np.log(odds), instead)
