"""Folds of source videos, and which items each head learns from.

A head without folds j and k scores j for the choices that are made for k, and k for those for j. So ten heads are the
inner folds of all five outer ones, and five heads without one fold each score what was chosen: nested cross-validation,
in which no clip has a part in any choice that its own score depends on.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from training.data.balanced_folds import balanced_folds
from training.data.dataset import DataSet
from training.evaluation.bootstrap import Ints

FOLDS = 5
LeftOut = frozenset[int]
"""The folds that a head has not learnt from."""
EVERYTHING: LeftOut = frozenset()


def folds_of_items(data: DataSet) -> Ints:
    """Return a fold for each item (N,), by whole source videos: a table's, if all items have one."""
    if all(item.fold is not None for item in data.items):
        return np.array([item.fold for item in data.items])
    return np.array(balanced_folds(data.groups, [item.label for item in data.items], FOLDS))


def nested(folds: Sequence[int]) -> list[LeftOut]:
    """Return what each head leaves out: nothing, one fold, or two."""
    single = [frozenset([k]) for k in folds]
    return [EVERYTHING, *single, *(frozenset(pair) for pair in combinations(folds, 2))]
