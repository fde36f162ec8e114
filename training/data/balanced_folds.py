"""Folds of whole source videos, each with about its share of every class."""

from collections.abc import Sequence

import numpy as np


def balanced_folds(groups: Sequence[str], labels: Sequence[str], folds: int = 5) -> list[int]:
    """Deal source videos into folds, the largest first, each into the fold that has least of its classes.

    Where several have as little, into the one that has least of all.

    Args:
        groups: source video of each item, (N,).
        labels: class of each item, (N,).
    """
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    label = np.unique(np.asarray(labels), return_inverse=True)[1]
    counts = np.zeros((len(names), label.max() + 1))  # items of each class in each source video
    np.add.at(counts, (group, label), 1)
    shares = counts / counts.sum(0)
    dealt, has = np.zeros(len(names), int), np.zeros((folds, counts.shape[1]))
    for number in np.argsort(-counts.sum(1), kind="stable"):
        growth = ((has + shares[number]) ** 2 - has**2).sum(1)
        dealt[number] = fold = int(np.lexsort((has.sum(1), growth.round(9)))[0])
        has[fold] += shares[number]
    found: list[int] = dealt[group].tolist()
    return found
