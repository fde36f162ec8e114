from dataclasses import replace
from pathlib import Path

from training.data.dataset import DataSet, Item
from training.own.folds import EVERYTHING, folds_of_items, nested


def test_folds_of_a_table_are_kept() -> None:
    items = tuple(Item(Path(str(k)), "ab"[k % 2], str(k), fold=k % 3) for k in range(6))
    assert folds_of_items(DataSet(items, ("a", "b"))).tolist() == [0, 1, 2, 0, 1, 2]
    without = tuple(replace(item, fold=None) for item in items)
    assert sorted(set(folds_of_items(DataSet(without, ("a", "b"))))) == [0, 1, 2, 3, 4]


def test_ten_pairs_are_the_inner_folds_of_five() -> None:
    left_out = nested(range(5))
    assert left_out[0] == EVERYTHING
    assert len(set(left_out)) == 16
    for k in range(5):
        assert len([each for each in left_out if k in each and len(each) == 2]) == 4
