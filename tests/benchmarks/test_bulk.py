import pytest

from benchmarks.bulk import Rates, efficiency, steady


def test_only_the_second_half_of_a_run_is_timed() -> None:
    assert steady([(20.0, 16), (30.0, 16), (32.0, 16), (34.0, 8)]) == pytest.approx(24 / 4)


def test_two_nodes_of_twice_the_rate_are_as_efficient_as_one() -> None:
    assert efficiency([Rates(10, 20), Rates(10, 15), Rates(10, 25)], 2) == 1
