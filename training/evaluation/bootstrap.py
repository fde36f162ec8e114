"""Bootstrap intervals and sign-flip tests, by whole source videos.

Clips of one source video are not independent, so what is drawn or flipped is a source video with all its clips (a
cluster bootstrap, and a cluster sign-flip test), or else intervals would be too narrow by half and p-values too small.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from videoxception.manifest import Interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_RESAMPLES = 2000
_FLIPS = 10_000  # drawn ways of flipping signs, where there are more in all
_CHUNK = 500  # of them at a time, for the memory's sake
_DIGITS = 4  # of every figure: what f32 on another machine reproduces too


class SourceVideos:
    """Which of G source videos each of N items was cut from. Draws are the same every time, for a `seed`."""

    def __init__(self, groups: Sequence[str], seed: int = 0) -> None:
        self._seed = seed
        names, number = np.unique(np.asarray(groups), return_inverse=True)
        self.of_item: Ints = number
        self.count = len(names)

    def sums(self, values: Floats) -> Floats:
        """Add up values of items (N, ...) within each source video: (G, ...)."""
        sums = np.zeros((self.count, *values.shape[1:]), np.float64)
        np.add.at(sums, self.of_item, values)
        return sums

    @cached_property
    def draws(self) -> Floats:
        """(R, G): how often each source video is drawn in each resample."""
        rng = np.random.RandomState(self._seed)
        drawn = rng.multinomial(self.count, np.full(self.count, 1 / self.count), size=_RESAMPLES)
        return np.asarray(drawn, np.float64)

    def means(self, values: Floats, weights: npt.NDArray[np.bool_] | Floats | None = None) -> Floats:
        """Return the weighted mean of values (N,) in each resample (R,); resamples without any weight go."""
        weight = np.ones(len(values)) if weights is None else weights.astype(np.float64)
        total, size = self.draws @ self.sums(values * weight), self.draws @ self.sums(weight)
        means: Floats = total[size > 0] / size[size > 0]
        return means


def once_each(video: Ints) -> Floats:
    """Return weights (N,) by which each source video counts once, given the number of each item's."""
    return np.asarray(1 / np.bincount(video)[video])


def flipped_sums(sums: Floats) -> Floats:
    """Return sums over source videos, of (G, B), with the signs of some flipped: (S, B), the first one as it is.

    Every way of flipping if there are few, else some drawn by chance. If what was summed is as likely as its opposite
    in each source video, then all rows are equally likely, and the first stands out by chance alone.
    """
    sums = sums[np.any(sums != 0, axis=1)]
    rows = len(sums)
    if 2**rows <= _FLIPS:
        return np.asarray(_every_sign(rows) @ sums)
    rng = np.random.RandomState(0)
    chunks = [(2.0 * rng.randint(0, 2, (_CHUNK, rows)) - 1) @ sums for _ in range(_FLIPS // _CHUNK)]
    return np.concatenate([sums.sum(0)[None], *chunks])


def _every_sign(rows: int) -> Floats:
    bits = (np.arange(2**rows)[:, None] >> np.arange(rows)) & 1
    return np.asarray(1 - 2 * bits, np.float64)


def p_value(statistics: Floats) -> float:
    """Return the share of equally likely values (S,) that are at least as large as the first, the observed one."""
    return rounded((statistics >= statistics[0] - 1e-9).mean())


def two_sided(sums: Floats) -> float:
    """Return how likely sums (G,), each as likely as its opposite, come to as much in either direction by chance."""
    return p_value(np.abs(flipped_sums(sums[:, None]))[:, 0])


def interval(resamples: Floats) -> Interval:
    """Return the middle 95 % of resampled values."""
    low, high = np.quantile(resamples, [0.025, 0.975])
    return rounded(low), rounded(high)


def rounded(value: float) -> float:
    """Round a figure to the digits that are reported."""
    return round(float(value), _DIGITS)
