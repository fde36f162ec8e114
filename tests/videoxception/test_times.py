"""Repairs of times: each undoes a kind of damage to times that are known."""

import random

import pytest

from videoxception.times import close_jumps, interpolate, median_step, spread

CONSTANT = [40 * k for k in range(60)]
B_FRAMES = [40 * k for group in range(20) for k in (3 * group + 2, 3 * group, 3 * group + 1)]  # P B B P B B


@pytest.mark.parametrize("times", [CONSTANT, B_FRAMES])
@pytest.mark.parametrize("seed", range(10))
def test_a_missing_time_comes_back(times: list[int], seed: int) -> None:
    holed: list[int | None] = list(times)
    holed[random.Random(seed).randrange(1, 58)] = None
    assert sorted(interpolate(holed)) == CONSTANT


def test_a_missing_time_between_uneven_ones_lies_between_its_neighbours() -> None:
    assert interpolate([0, 40, None, 60, 900]) == [0, 40, 50, 60, 900]
    assert interpolate([0, None, None, 90, 100]) == [0, 30, 60, 90, 100]


def test_time_goes_on_before_the_first_and_behind_the_last() -> None:
    assert interpolate([None, None, 80, 120, None]) == [0, 40, 80, 120, 160]


def test_equal_times_share_the_step_behind_them() -> None:
    assert spread([0, 40, 80, 80, 160]) == CONSTANT[:5]
    assert spread([0, 0, 0, 90]) == [0, 30, 60, 90]
    assert spread([0, 40, 40, 40]) == [0, 40, 80, 120]


@pytest.mark.parametrize("jump", [600_000, 11_000, -100_000, -2_500, 2**33])
def test_time_goes_on_over_a_jump_of_the_clock(jump: int) -> None:
    second = [2400 + jump + time for time in B_FRAMES]
    clock = [time - 80 for time in CONSTANT]
    both = close_jumps([*B_FRAMES, *second], [*clock, *(2400 + jump + time for time in clock)], 1000)
    assert both == [*B_FRAMES, *(time + 2400 for time in B_FRAMES)]


def test_a_pause_is_no_jump() -> None:
    paused: list[int | None] = [0, 40, 9_000, 9_040, None]
    assert close_jumps(paused, paused, 1000) == paused


def test_a_stray_time_costs_no_other() -> None:
    stray: list[int | None] = [0, 40, 999_999, 120, 160]
    assert close_jumps(stray, stray, 1000) == [0, 40, 80, 120, 160]


def test_a_part_without_times_is_none() -> None:
    assert close_jumps([0, 40, None, None, 99_000], [0, 40, 60_000, None, 99_000], 1000) == [0, 40, None, None, 80]


def test_the_median_step_needs_two_times() -> None:
    assert median_step([5]) is None
    assert median_step([0, 40, 1000]) == 40
