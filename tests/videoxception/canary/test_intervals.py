"""Intervals against published values, and resampling against closed forms."""

import numpy as np
import pytest

from videoxception.canary.intervals import Estimate, Floats, resampled, share, share_difference


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_have_wilsons_interval(count: int, total: int, low: float, high: float) -> None:
    """As reported, as method 3, by Newcombe, Statistics in Medicine 17 (1998), 857-872."""
    found = share(count, total)
    assert (found.value, found.low, found.high) == pytest.approx((count / total, low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((18, 12, 2, 18), 0.0562, 0.3290),
        ((53, 0, 0, 1), -0.0729, 0.0729),
        ((1, 1, 7, 12), -0.507, -0.026),
    ],
)
def test_paired_shares_have_newcombes_interval(table: tuple[int, int, int, int], low: float, high: float) -> None:
    """As reported, as method 10, by Newcombe, Statistics in Medicine 17 (1998), 2635-2650, of the first minus the
    second; the last one by Fagerland, Lydersen and Laake (2014), whose phi is never corrected: here it need not be.
    """
    both, first, second, neither = table
    found = share_difference(both, second, first, neither)
    assert found.value == pytest.approx((first - second) / sum(table))
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4 if low == -0.507 else 6e-5)


def test_the_other_way_round_is_the_opposite() -> None:
    one, other = share_difference(40, 9, 3, 8), share_difference(40, 3, 9, 8)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def mean_change(first: Floats, second: Floats) -> Floats:
    return np.asarray([(second - first).mean()])


def test_resampled_pairs_keep_what_they_have_in_common() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(0, 10, 400)
    second = first + rng.normal(1, 0.5, 400)
    (found,) = resampled(mean_change, first, second)
    error = (second - first).std() / 20
    assert found.value == (second - first).mean()
    assert found.low == pytest.approx(found.value - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(found.value + 1.96 * error, abs=0.15 * error)


def test_intervals_hold_what_they_should_in_19_of_20_samples() -> None:
    """Of share_difference, by drawing 2,000 tables of 200 pairs from known shares."""
    drawn = np.random.default_rng(5).multinomial(200, [0.80, 0.06, 0.04, 0.10], size=2000)
    found = [share_difference(*map(int, table)) for table in drawn]
    inside = sum(each.low <= -0.02 <= each.high for each in found)
    assert 0.935 < inside / 2000 < 0.985


def test_draws_are_the_same_every_time() -> None:
    first, second = np.random.default_rng(1).normal(size=(2, 50))
    assert resampled(mean_change, first, second) == resampled(mean_change, first, second)
    assert isinstance(resampled(mean_change, first, second)[0], Estimate)
