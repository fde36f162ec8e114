"""The table of contestants and their twins, or of contestants and one other that all are held against."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import SourceVideos, interval, two_sided


@dataclass(frozen=True)
class Row:
    """The answers of one contestant for one fold, with frames in order or shuffled.

    `right` is the share of a clip's answers that are right: of one in order, of several orders of a shuffled twin.
    """

    contestant: str
    fold: int
    in_order: bool
    files: list[str]
    groups: list[str]
    right: list[float]


@dataclass(frozen=True, slots=True)
class Pair:
    """How often a contestant with frames in order is right of each clip (N,), and how often its rival is (N,)."""

    name: str
    folds: int
    in_order: npt.NDArray[np.float64]
    rival: npt.NDArray[np.float64]
    videos: SourceVideos


def table(rows: Sequence[Row], rival: str = "") -> str:
    """Format what is known of each contestant: both top-1, the gain, and its p-value.

    `rival` is the contestant that all others are held against, frames in order; else it is each one's shuffled twin.
    """
    names = [name for name in dict.fromkeys(row.contestant for row in rows) if name != rival]
    pairs = [found for name in names if (found := pair(name, rows, rival))]
    by_chance = [two_sided(each.videos.sums(each.in_order - each.rival)) for each in pairs]
    lines = [
        f"| contestant | folds | clips | in order | {rival or 'shuffled'} | gain (95 % interval) | p | p by Holm |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    corrected = holm(by_chance)
    return "\n".join([*lines, *map(_row, pairs, by_chance, corrected)])


def pair(name: str, rows: Sequence[Row], rival: str = "") -> Pair | None:
    """Return the answers of a contestant and its rival to the folds that both have done; None if there are none."""
    own = {row.fold: row for row in rows if (row.contestant, row.in_order) == (name, True)}
    other = {row.fold: row for row in rows if (row.contestant, row.in_order) == (rival or name, bool(rival))}
    folds = sorted(own.keys() & other.keys())
    if not folds:
        return None
    for fold in folds:
        assert own[fold].files == other[fold].files
    right, others = (
        np.concatenate([np.asarray(answers[fold].right, np.float64) for fold in folds]) for answers in (own, other)
    )
    groups = [group for fold in folds for group in own[fold].groups]
    return Pair(name, len(folds), right, others, SourceVideos(groups))


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979): the smallest times n, the next times n - 1, ..."""
    corrected, largest = [0.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[index]))
        corrected[index] = largest
    return corrected


def _row(found: Pair, by_chance: float, corrected: float) -> str:
    gain = found.in_order - found.rival
    low, high = interval(found.videos.means(gain))
    return (
        f"| {found.name} | {found.folds} | {len(gain)} | {found.in_order.mean():.1%} | {found.rival.mean():.1%}"
        f" | {gain.mean():+.1%} ({low:+.1%} to {high:+.1%}) | {by_chance:.4f} | {corrected:.4f} |"
    )
