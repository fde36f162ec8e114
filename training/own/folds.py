"""Folds of source videos, and which items each head learns from.

A head without folds j and k scores j for the choices that are made for k, and k for those for j. So ten heads are the
inner folds of all five outer ones, and five heads without one fold each score what was chosen: nested cross-validation,
in which no clip has a part in any choice that its own score depends on.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from training.data.dataset import DataSet
from training.evaluation.bootstrap import Floats, Ints

FOLDS = 5
LeftOut = frozenset[int]
"""The folds that a head has not learnt from."""
EVERYTHING: LeftOut = frozenset()


def assign_balanced_folds(data: DataSet, count: int = FOLDS) -> Ints:
    """Return a fold for each item (N,): whole source videos, each class spread as evenly as can be.

    The largest source videos are placed first, each where there is least of its classes, as shares of these classes.
    A table's folds, if all items have one, are kept.
    """
    if all(item.fold is not None for item in data.items):
        return np.array([item.fold for item in data.items])
    names, video = np.unique(np.asarray(data.groups), return_inverse=True)
    members = np.zeros((len(names), len(data.classes)))  # items of each class in each source video
    np.add.at(members, (video, np.asarray(data.targets)), 1)
    return _place(members / np.maximum(members.sum(0), 1), count)[video]


def _place(shares: Floats, count: int) -> Ints:
    """Return a fold for each source video, given its shares (G, K) of the classes."""
    filled, fold = np.zeros((count, shares.shape[1])), np.zeros(len(shares), np.int64)
    for video in np.argsort(-shares.sum(1), kind="stable"):
        crowd = filled @ shares[video]  # of its own classes
        fold[video] = min(range(count), key=lambda k: (round(crowd[k], 9), round(filled[k].sum(), 9)))
        filled[fold[video]] += shares[video]
    return fold


def nested(folds: Sequence[int]) -> list[LeftOut]:
    """Return what each head leaves out: nothing, one fold, or two."""
    single = [frozenset([k]) for k in folds]
    return [EVERYTHING, *single, *(frozenset(pair) for pair in combinations(folds, 2))]
