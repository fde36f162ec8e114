import numpy as np
import pytest

from benchmarks.service.load import Outcome
from benchmarks.soak import goals, growth, tails


def test_growth_is_that_after_settling_and_not_swayed_by_decoders_that_are_replaced() -> None:
    counts = np.arange(0, 50_000, 100)
    sizes = 200e6 + np.minimum(counts, 5000) * 5000 + 80 * counts + 3e6 * (counts % 500 / 500)
    assert growth([(int(n), int(size)) for n, size in zip(counts, sizes, strict=True)]) == pytest.approx(80, rel=0.05)
    assert growth([(100, 1), (5000, 1)]) is None


def test_tails_are_of_the_first_and_last_tenth_by_when_requests_came() -> None:
    outcomes = [Outcome(due=n, done=n + (0.1 if n < 50 else 0.3), status=200) for n in reversed(range(100))]
    assert tails(outcomes) == pytest.approx((0.1, 0.3))


def test_a_soak_with_an_error_or_a_slow_end_misses() -> None:
    outcomes = [Outcome(due=n, done=n + (0.1 if n < 50 else 0.3), status=200 if n else 503) for n in range(100)]
    found = {goal.what: goal.outcome for goal in goals(outcomes, [(5000, 0), (6000, 50_000)])}
    assert list(found.values()) == ["missed", "missed", "met", "missed"]
