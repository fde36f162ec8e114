"""95 % intervals of shares, of paired differences of shares, and of what was measured in pairs."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_Z = 1.959963984540054  # the normal distribution's 97.5 % quantile
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def share(count: int, total: int) -> Estimate:
    """Return the share of `count` in `total`, with Wilson's score interval (1927): right near 0 and 1, too."""
    value, z2 = count / total, _Z * _Z
    middle = (value + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z / (1 + z2 / total) * math.sqrt(value * (1 - value) / total + z2 / (4 * total**2))
    return Estimate(value, max(0.0, middle - half), min(1.0, middle + half))


def share_difference(both: int, first: int, second: int, neither: int) -> Estimate:
    """Return by how much the share of the second exceeds that of the first, in pairs of which so many have both, the
    first alone, the second alone, or neither.

    The interval is method 10 of Newcombe, Statistics in Medicine 17 (1998), 2635-2650: Wilson's, squared and added,
    with the correlation of the pairs.
    """
    total = both + first + second + neither
    one, other = share(both + first, total), share(both + second, total)
    value, phi = other.value - one.value, _correlation(both, first, second, neither)
    below = _joined(other.value - other.low, one.high - one.value, phi)
    above = _joined(other.high - other.value, one.value - one.low, phi)
    return Estimate(value, value - below, value + above)


def _joined(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))


def _correlation(both: int, first: int, second: int, neither: int) -> float:
    """Return Newcombe's phi: corrected by half of the total where it is positive."""
    total = both + first + second + neither
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not product:
        return 0.0
    excess = float(both * neither - first * second)
    if excess > 0:
        excess = max(0.0, excess - total / 2)
    return excess / math.sqrt(product)


def resampled(statistic: Callable[[Floats, Floats], Floats], first: Floats, second: Floats) -> list[Estimate]:
    """Return each figure (S,) that `statistic` gives of two samples (N,), with percentile intervals.

    Pairs are resampled, so that both samples keep what they have in common. Draws are the same every time.
    """
    rng, total = np.random.default_rng(0), len(first)
    values = np.empty((_RESAMPLES, len(statistic(first, second))))
    for row in values:
        drawn = rng.integers(total, size=total)
        row[:] = statistic(first[drawn], second[drawn])
    ends = np.quantile(values, [0.025, 0.975], axis=0)
    return [Estimate(*map(float, each)) for each in zip(statistic(first, second), *ends, strict=True)]
