"""Near duplicates: clips that look as if they were cut from one recording.

Clips are compared by descriptors of several of their frames (`training.bank.descriptors`), each frame with the one of
the other clip that is most like it, so that clips of a recording need not show the same moment. Whitening (Jegou and
Chum, Negative evidences and co-occurences in image retrieval, ECCV 2012) gives directions in which these clips rarely
differ, such as those of a place, as much weight as the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from training.data.disjoint_sets import DisjointSets

Floats = npt.NDArray[np.float32]

THRESHOLD = 0.4
"""Similarity from which clips of one class are joined: more than are alike by chance, so that too much is joined."""

_OTHER_CLASS = 0.05  # more, for clips of two classes: a place that shows both would tell them apart the wrong way
_COMPONENTS = 64
_LARGEST = 0.6  # of a usual class: the most clips that are joined, as a chain of likenesses would have no end


@dataclass(frozen=True, slots=True)
class Joined:
    """What was joined: a set's number (N,) for each clip, and the similarity (N,) of its nearest clip in the set.

    `refused` is how many pairs were alike, but would have made a set too large.
    """

    sets: list[int]
    similarity: list[float]
    refused: int


def whiten(features: Floats, components: int = _COMPONENTS, floor: float = 1e-4) -> Floats:
    """Return descriptors (N, D) of features (N, C): principal components of the standardised ones, of one variance, at
    length one.

    Args:
        components: how many are kept, those of the largest variance; at most C, and a quarter of N.
        floor: added to each variance, so that noise is not made large.
    """
    standardised = (features - features.mean(0)) / (features.std(0) + 1e-6)
    variances, directions = np.linalg.eigh(standardised.T @ standardised / len(features))  # in ascending order
    count = max(1, min(components, len(features) // 4, len(variances)))
    found = standardised @ directions[:, -count:] / np.sqrt(np.maximum(variances[-count:], 0) + floor)
    unit = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    return np.asarray(unit, np.float32)


def similarities(descriptors: Floats, frames: Sequence[int]) -> Floats:
    """Return how alike clips are (N, N): the mean cosine of each frame and its best match in the other clip.

    Args:
        descriptors: of all clips' frames, one clip after the other, at length one.
        frames: how many each clip has, (N,).
    """
    bounds = np.concatenate([[0], np.cumsum(frames)])
    found = np.empty((len(frames), len(frames)), np.float32)
    for row, (start, stop) in enumerate(pairwise(bounds)):
        cosines = descriptors[start:stop] @ descriptors.T  # (F, frames of all)
        found[row] = np.maximum.reduceat(cosines, bounds[:-1], axis=1).mean(0)
    return np.asarray((found + found.T) / 2, np.float32)


def join(similarity: Floats, labels: Sequence[str], groups: Sequence[str] = (), threshold: float = THRESHOLD) -> Joined:
    """Join clips that are alike, the most alike first, directly or through others (single linkage).

    Args:
        similarity: of all clips, (N, N).
        labels: their classes, (N,).
        groups: clips that share one are one set from the start, (N,).
    """
    name = np.unique(np.asarray(labels), return_inverse=True)[1]
    needed = np.where(name[:, None] == name[None], 0.0, _OTHER_CLASS).astype(np.float32)
    likeness = np.triu(similarity - needed, 1)
    one, other = np.nonzero(likeness >= threshold)
    order = np.argsort(-likeness[one, other], kind="stable")
    most = max(2, round(_LARGEST * float(np.median(np.bincount(name)))))
    sets, sizes, refused = _joined_by(groups), [1] * len(labels), 0
    for row in range(len(groups)):
        if (place := sets.find(row)) != row:
            sizes[place] += 1
    for first, second in zip(one[order].tolist(), other[order].tolist(), strict=True):
        a, b = sets.find(first), sets.find(second)
        if a != b and sizes[a] + sizes[b] > most:
            refused += 1
        elif a != b:
            sets.join(a, b)
            sizes[b] += sizes[a]
    places = [sets.find(row) for row in range(len(labels))]
    return Joined(places, _nearest_in_set(similarity, places), refused)


def _joined_by(groups: Sequence[str]) -> DisjointSets[int]:
    """Return the rows as sets, those of a group together."""
    sets, first = DisjointSets[int](), dict[str, int]()
    for row, group in enumerate(groups):
        if first.setdefault(group, row) != row:
            sets.join(row, first[group])
    return sets


def _nearest_in_set(similarity: Floats, place: Sequence[int]) -> list[float]:
    """Return the similarity of each clip's nearest other one in its set, 0 for one that is alone."""
    sets = np.asarray(place)
    alike = np.where((sets[:, None] == sets[None]) & ~np.eye(len(sets), dtype=bool), similarity, 0)
    nearest: list[float] = alike.max(1).tolist()
    return nearest
