"""Folds of whole source videos."""

import numpy as np

from training.data.balanced_folds import balanced_folds


def test_no_source_video_is_torn_and_every_fold_has_its_share_of_each_class() -> None:
    rng = np.random.default_rng(0)
    labels, groups = [], []
    for number in range(60):
        size = int(rng.integers(1, 6))
        labels += [f"class {number % 3}"] * size
        groups += [f"video {number}"] * size
    folds = balanced_folds(groups, labels)
    assert len(set(zip(groups, folds, strict=True))) == 60
    for name in sorted(set(labels)):
        counts = np.bincount([fold for fold, label in zip(folds, labels, strict=True) if label == name], minlength=5)
        assert counts.max() - counts.min() <= 3


def test_fewer_source_videos_than_folds_leave_folds_empty() -> None:
    assert sorted(balanced_folds(["a", "a", "b"], ["x", "x", "y"])) == [0, 0, 1]
