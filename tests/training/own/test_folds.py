from pathlib import Path

import numpy as np

from training.data.dataset import DataSet, Item
from training.own.folds import EVERYTHING, assign_balanced_folds, nested


def data_of(videos: dict[str, list[tuple[str, int]]]) -> DataSet:
    """Source videos by name, with how many items they have of which class."""
    items = [
        Item(Path(f"{label}/{video}-{k}"), label, video)
        for video, members in videos.items()
        for label, count in members
        for k in range(count)
    ]
    return DataSet(tuple(items), ("a", "b"))


def test_source_videos_stay_whole_and_classes_are_spread() -> None:
    rng = np.random.default_rng(0)
    videos = {f"v{k}": [("a", int(rng.integers(1, 6))), ("b", int(rng.integers(0, 4)))] for k in range(40)}
    data = data_of(videos)
    folds = assign_balanced_folds(data)
    for video in videos:
        assert len({fold for fold, group in zip(folds, data.groups, strict=True) if group == video}) == 1
    for k in range(2):
        counts = np.bincount(folds[np.array(data.targets) == k], minlength=5)
        assert counts.max() <= 1.3 * counts.min()


def test_two_source_videos_of_a_class_are_in_two_folds() -> None:
    data = data_of({"v0": [("a", 9)], "v1": [("a", 1)], "v2": [("b", 3)], "v3": [("b", 2)]})
    folds = assign_balanced_folds(data)
    assert folds[0] != folds[9]
    assert folds[10] != folds[13]


def test_folds_of_a_table_are_kept() -> None:
    items = tuple(Item(Path(str(k)), "ab"[k % 2], str(k), fold=k % 3) for k in range(6))
    assert assign_balanced_folds(DataSet(items, ("a", "b"))).tolist() == [0, 1, 2, 0, 1, 2]


def test_ten_pairs_are_the_inner_folds_of_five() -> None:
    left_out = nested(range(5))
    assert left_out[0] == EVERYTHING
    assert len(set(left_out)) == 16
    for k in range(5):
        assert len([each for each in left_out if k in each and len(each) == 2]) == 4
