"""Which way is taken: the usual one unless another wins clearly, and on a busy machine the usual one."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from videoxception.engine import race


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        ({"usual": 1.0, "other": 1.0 / 1.14}, "usual"),
        ({"usual": 1.0, "other": 1.0 / 1.16}, "other"),
        ({"usual": 1.0, "other": 0.8, "third": 0.5}, "third"),
        ({"usual": 1.0}, "usual"),
    ],
)
def test_another_way_is_taken_only_where_it_wins_clearly(times: dict[str, float], taken: str) -> None:
    assert race.winner(times) == taken


class Clock:
    """A clock that goes on only by what is worked."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: Iterator[float]) -> Callable[[], None]:
        def run() -> None:
            self.now += next(seconds)

        return run


def test_the_least_time_counts_and_ways_that_are_behind_are_timed_twice() -> None:
    clock = Clock()
    usual, behind, ahead = iter([9.0, 2.0, *[3.0] * 5]), iter([4.0, 5.0]), iter([1.5, 1.0, *[2.0] * 5])
    ways = {"usual": clock.work(usual), "behind": clock.work(behind), "ahead": clock.work(ahead)}
    assert race.race(ways, clock) == {"usual": 2.0, "behind": 4.0, "ahead": 1.0}


def test_on_a_busy_machine_the_usual_way_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = count(0, 10)
    monkeypatch.setattr(race, "_waiting", lambda: float(next(waits)))
    assert list(race.quiet_race({2: lambda: None, 1: lambda: None})) == [2]
