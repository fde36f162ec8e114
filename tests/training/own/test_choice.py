import numpy as np
import pytest

from training.own.choice import Answers, Candidate, chosen_for, is_surely_better, out_of_fold, table_of
from training.own.folds import LeftOut, nested

FOLD = np.arange(20) % 5
TRUTH = np.arange(20) // 5 % 2
ANSWERS = Answers(TRUTH, FOLD, 2)


def saying(right: dict[int, bool]) -> dict[LeftOut, np.ndarray]:
    """Logits (N, 1 frame, K) of heads that are right on the folds that `right` says."""
    said = np.where([right[k] for k in FOLD], TRUTH, 1 - TRUTH)
    return {each: np.eye(2, dtype=np.float32)[said][:, None] for each in nested(range(5))}


GOOD_BUT_IN_0 = Candidate("good but in 0", saying({0: False, 1: True, 2: True, 3: True, 4: True}))
GOOD_IN_0 = Candidate("good in 0", saying({0: True, 1: True, 2: True, 3: True, 4: False}))


def test_a_fold_has_no_part_in_what_is_chosen_for_it() -> None:
    """Though the other would be right there."""
    assert chosen_for([GOOD_IN_0, GOOD_BUT_IN_0], ANSWERS, 0) is GOOD_BUT_IN_0
    assert chosen_for([GOOD_IN_0, GOOD_BUT_IN_0], ANSWERS, 4) is GOOD_IN_0
    named = out_of_fold([GOOD_IN_0, GOOD_BUT_IN_0], ANSWERS)[:, 0].argmax(1)
    assert (named == TRUTH).mean() == pytest.approx(0.6)  # wrong in folds 0 and 4, right by luck in none


def test_an_item_is_scored_by_a_head_that_left_out_both_folds() -> None:
    asked = []

    class Watched(dict[LeftOut, np.ndarray]):
        def __getitem__(self, left_out: LeftOut) -> np.ndarray:
            asked.append(left_out)
            return super().__getitem__(left_out)

    right = Candidate("watched", Watched(GOOD_IN_0.logits)).right(ANSWERS, 2)
    assert asked == [frozenset([k, 2]) for k in (0, 1, 3, 4)]
    assert np.isnan(right[FOLD == 2]).all()
    assert np.nanmean(right) == 0.75


def test_auxiliary_items_count_in_no_choice() -> None:
    answers = Answers(np.where(np.arange(20) < 4, 2, TRUTH), FOLD, 2)
    assert np.isnan(GOOD_IN_0.right(answers)[:4]).all()


def test_the_table_has_a_row_for_each_candidate() -> None:
    heading, *rows = table_of([GOOD_IN_0, GOOD_BUT_IN_0], ANSWERS)
    assert heading.split()[-4:] == ["without", "4", "all", "folds"]
    assert rows[0].split() == ["good", "in", "0", "75.0%", "75.0%", "75.0%", "75.0%", "100.0%", "80.0%"]


def test_better_by_less_than_chance_is_not_better() -> None:
    groups = [str(k // 4) for k in range(40)]
    other = np.tile([1.0, 0.0], 20)
    assert not is_surely_better(other, other, groups)
    assert is_surely_better(np.ones(40), other, groups)
    one = other.copy()
    one[[1, 4, 9]] = 1, 0, 1  # one more, of three source videos that differ
    assert not is_surely_better(one, other, groups)
