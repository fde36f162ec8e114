"""Near duplicates: items of different source videos that look as if they were cut from one recording.

Items are compared by descriptors of a frame, such as a network's pooled features: nearest neighbours, so that clips of
a recording need not show the same moment. A network's features are alike for all videos of an action; whitening (Jegou
and Chum, Negative evidences and co-occurences in image retrieval, ECCV 2012) gives directions in which videos rarely
differ, such as those of a place, as much weight as the others. What is found is to be looked at: a threshold only says
what is worth it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.data.disjoint_sets import DisjointSets

Descriptors = npt.NDArray[np.float32]
"""Unit vectors, (N, D)."""


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two source videos, and the rows of the two of their items that are most alike.

    `similarity` is the cosine of their descriptors.
    """

    groups: tuple[str, str]
    rows: tuple[int, int]
    similarity: float


def whiten(features: npt.NDArray[np.float32], components: int = 256, floor: float = 1e-4) -> Descriptors:
    """Return descriptors of features (N, C): their principal components, all of one variance, at length one.

    Args:
        components: how many are kept, those of the largest variance, at most C.
        floor: added to each variance of the centred features at length one, so that noise is not made large.
    """
    unit = _unit(features)
    centred = _unit(unit - unit.mean(0))
    variances, directions = np.linalg.eigh(centred.T @ centred / len(centred))  # in ascending order
    kept = slice(max(0, len(variances) - components), None)
    return _unit(centred @ directions[:, kept] / np.sqrt(np.maximum(variances[kept], 0) + floor))


def similar_pairs(descriptors: Descriptors, groups: Sequence[str], threshold: float) -> list[SimilarPair]:
    """Return the pairs of source videos of which two items have a similarity of `threshold` or more, the most alike
    first.

    Args:
        groups: the source video of each of the N items.
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(group_of, kind="stable")  # rows of one source video stand together
    starts = np.searchsorted(group_of[order], np.arange(len(names)))
    bounds = [*starts.tolist(), len(order)]
    ordered = descriptors[order]
    found = []
    for number in range(len(names) - 1):
        first, rest = slice(bounds[number], bounds[number + 1]), bounds[number + 1]
        likeness = ordered[first] @ ordered[rest:].T  # (items of this source video, items of all later ones)
        best = np.maximum.reduceat(likeness.max(0), starts[number + 1 :] - rest)
        for other in number + 1 + np.flatnonzero(best >= threshold):
            block = likeness[:, bounds[other] - rest : bounds[other + 1] - rest]
            row, column = np.unravel_index(block.argmax(), block.shape)
            rows = int(order[first][row]), int(order[bounds[other] + column])
            found.append(SimilarPair((str(names[number]), str(names[other])), rows, float(block[row, column])))
    return sorted(found, key=lambda pair: -pair.similarity)


def same_recordings(pairs: Sequence[SimilarPair]) -> list[list[str]]:
    """Return sets of source videos that pairs join, directly or through others, each sorted by name."""
    sets = DisjointSets[str]()
    for pair in pairs:
        sets.join(*pair.groups)
    return sorted(_by_set(sets, sorted({name for pair in pairs for name in pair.groups})))


def _by_set(sets: DisjointSets[str], names: Sequence[str]) -> Iterator[list[str]]:
    for place in {sets.find(name) for name in names}:
        yield [name for name in names if sets.find(name) == place]


def _unit(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the rows at length one."""
    found: npt.NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return found
