"""Differences between two ways of training on the same items, and what chance does to them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.data.dataset import Item
from training.evaluation.bootstrap import Floats, SourceVideos, interval, rounded, two_sided
from videoxception.manifest import Interval

FIGURES = ("top1", "nll", "brier")
"""Of which top1 is better if more, the others if less."""


@dataclass(frozen=True, slots=True)
class RunMetrics:
    """A run's figures on the items that it held out: figures (N,) of each, by name."""

    name: str
    items: tuple[Item, ...]
    figures: dict[str, Floats]

    def mean(self, figure: str) -> float:
        """Return a figure's mean over all of the items."""
        return float(self.figures[figure].mean())


Pair = tuple[RunMetrics, RunMetrics]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure's means of the first and of the second way, and of the second minus the first.

    `interval` and `p_videos` say what other source videos would show these very networks. A network's own luck, of its
    seed and of the order of its steps, is in all items that it scores: that is what `p_pairs` has in it, for which each
    pair of runs counts as one, and `spread`, the standard deviation of the pairs' differences. One pair tells neither.
    """

    first: float
    second: float
    mean: float
    interval: Interval
    p_videos: float
    p_pairs: float | None
    spread: float | None


def difference(pairs: Sequence[Pair], figure: str) -> Difference:
    """Compare all pairs; an item that several seeds held out counts once, with the mean of its figures."""
    items = [item for one, _ in pairs for item in one.items]
    values = [np.concatenate([pair[k].figures[figure] for pair in pairs]) for k in (0, 1)]
    seeds = SourceVideos([str(item.path) for item in items])  # of an item: as often as it was scored
    first, second = (seeds.sums(each) / seeds.sums(np.ones(len(items))) for each in values)
    group = dict(zip(seeds.of_item.tolist(), (item.group for item in items), strict=True))
    videos, change = SourceVideos([group[row] for row in range(seeds.count)]), second - first
    of_pairs = np.array([other.mean(figure) - one.mean(figure) for one, other in pairs])
    return Difference(
        first=rounded(first.mean()),
        second=rounded(second.mean()),
        mean=rounded(change.mean()),
        interval=interval(videos.means(change)),
        p_videos=two_sided(videos.sums(change)),
        p_pairs=two_sided(of_pairs) if len(pairs) > 1 else None,
        spread=rounded(of_pairs.std(ddof=1)) if len(pairs) > 1 else None,
    )
