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


def test_a_missing_time_beside_equal_ones_is_one_of_them() -> None:
    assert interpolate([0, 5, None, 5, 10, 15, 20]) == [0, 5, 5, 5, 10, 15, 20]
    jump: list[int | None] = [0, 2, 4, 6, 8, 10, 13, None, 13, 18]
    assert close_jumps([*jump, 99_000, 99_002], [*jump, 99_000, 99_002], 1000) == [
        *(0, 2, 4, 6, 8, 10, 13, 13, 13, 18),
        *(20, 22),
    ]


@pytest.mark.parametrize("seed", range(300))
def test_times_of_any_kind_are_interpolated(seed: int) -> None:
    """Missing, equal, wild and falling ones: the known ones stay, and rising ones have the others between them."""
    rng = random.Random(seed)
    length = rng.randint(1, 40)
    wild: list[int | None] = [rng.choice([2 * k, 2 * k, None, rng.randint(0, 80)]) for k in range(length)]
    wild[rng.randrange(length)] = 0
    for times in (wild, _rising(wild)):
        filled = interpolate(times)
        assert [new for new, old in zip(filled, times, strict=True) if old is not None] == _known(times)
    assert filled == sorted(filled)
    assert len(close_jumps(wild, [rng.choice([None, 2 * k, 10**6 * k]) for k in range(length)], 1000)) == length


def _known(times: list[int | None]) -> list[int]:
    return [time for time in times if time is not None]


def _rising(times: list[int | None]) -> list[int | None]:
    """The same times, the known ones sorted in their places."""
    known = iter(sorted(_known(times)))
    return [None if time is None else next(known) for time in times]


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


@pytest.mark.parametrize("stray", [2**33 - 5, 11_500, -2_000])
@pytest.mark.parametrize("times", [CONSTANT, B_FRAMES])
def test_a_time_that_a_steady_clock_contradicts_is_mended(times: list[int], stray: int) -> None:
    damaged: list[int | None] = list(times)
    damaged[20] = stray
    assert sorted(_known(close_jumps(damaged, [time - 80 for time in CONSTANT], 1000))) == CONSTANT


def test_a_clock_that_contradicts_all_times_is_not_believed() -> None:
    assert close_jumps(CONSTANT, [time + 5_000 for time in CONSTANT], 1000) == CONSTANT


def test_a_part_without_times_is_none() -> None:
    assert close_jumps([0, 40, None, None, 99_000], [0, 40, 60_000, None, 99_000], 1000) == [0, 40, None, None, 80]


def test_the_median_step_needs_two_times() -> None:
    assert median_step([5]) is None
    assert median_step([0, 40, 1000]) == 40
