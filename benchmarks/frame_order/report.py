"""The table of contestants and their twins."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import SourceVideos, interval, two_sided


@dataclass(frozen=True)
class Row:
    """The answers of one contestant for one fold, with frames in order or shuffled."""

    contestant: str
    fold: int
    in_order: bool
    files: list[str]
    groups: list[str]
    right: list[bool]


@dataclass(frozen=True, slots=True)
class Twins:
    """Which clips are classified correctly in order and shuffled, each (N,), and their source videos."""

    name: str
    folds: int
    in_order: npt.NDArray[np.float64]
    shuffled: npt.NDArray[np.float64]
    videos: SourceVideos


def table(rows: Sequence[Row]) -> str:
    """Format what is known of each contestant: both top-1, the gain by order, and its p-value."""
    twins = [found for name in dict.fromkeys(row.contestant for row in rows) if (found := pair(name, rows))]
    by_chance = [two_sided(each.videos.sums(each.in_order - each.shuffled)) for each in twins]
    lines = [
        "| contestant | folds | clips | in order | shuffled | gain (95 % interval) | p | p by Holm |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    corrected = holm(by_chance)
    return "\n".join([*lines, *map(_row, twins, by_chance, corrected)])


def pair(name: str, rows: Sequence[Row]) -> Twins | None:
    """Return the answers of a contestant to the folds that both twins have done; None if there are none."""
    own = {(row.fold, row.in_order): row for row in rows if row.contestant == name}
    folds = sorted(fold for fold, in_order in own if in_order and (fold, False) in own)
    if not folds:
        return None
    for fold in folds:
        assert own[fold, True].files == own[fold, False].files
    right, shuffled = (
        np.concatenate([np.asarray(own[fold, in_order].right, np.float64) for fold in folds])
        for in_order in (True, False)
    )
    groups = [group for fold in folds for group in own[fold, True].groups]
    return Twins(name, len(folds), right, shuffled, SourceVideos(groups))


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979): the smallest times n, the next times n - 1, ..."""
    corrected, largest = [0.0] * len(values), 0.0
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        largest = max(largest, min(1.0, (len(values) - rank) * values[index]))
        corrected[index] = largest
    return corrected


def _row(twins: Twins, by_chance: float, corrected: float) -> str:
    gain = twins.in_order - twins.shuffled
    low, high = interval(twins.videos.means(gain))
    return (
        f"| {twins.name} | {twins.folds} | {len(gain)} | {twins.in_order.mean():.1%} | {twins.shuffled.mean():.1%}"
        f" | {gain.mean():+.1%} ({low:+.1%} to {high:+.1%}) | {by_chance:.4f} | {corrected:.4f} |"
    )
