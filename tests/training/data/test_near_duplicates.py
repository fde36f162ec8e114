"""Clips that look alike, against loops over all pairs."""

import numpy as np
import pytest

from training.data.near_duplicates import Floats, join, similarities, whiten


def unit_rows(count: int, width: int, seed: int = 0) -> Floats:
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def matrix(pairs: dict[tuple[int, int], float], count: int) -> Floats:
    found = np.eye(count, dtype=np.float32)
    for (one, other), value in pairs.items():
        found[one, other] = found[other, one] = value
    return found


def members(sets: list[int]) -> set[frozenset[int]]:
    return {frozenset(row for row, place in enumerate(sets) if place == each) for each in sets}


def test_clips_are_as_alike_as_their_best_matching_frames() -> None:
    frames = [1, 3, 2]
    rows = unit_rows(6, 4)
    clips = np.split(rows, [1, 4])
    found = similarities(rows, frames)
    for one, first in enumerate(clips):
        for two, second in enumerate(clips):
            ways = ((first, second), (second, first))
            expected = [np.mean([max(float(a @ b) for b in there) for a in here]) for here, there in ways]
            assert found[one, two] == pytest.approx(np.mean(expected), abs=1e-6)


def test_whitening_is_that_of_a_singular_value_decomposition() -> None:
    """Cosines are the same in any basis."""
    features = np.random.default_rng(1).normal(size=(60, 6)).astype(np.float32) * np.arange(1, 7, dtype=np.float32) + 5
    standardised = (features - features.mean(0)) / features.std(0)
    left = np.linalg.svd(standardised, full_matrices=False)[0][:, :4]
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    found = whiten(features, components=4, floor=0.0)
    assert found.dtype == np.float32
    assert found @ found.T == pytest.approx(left @ left.T, abs=1e-3)


def test_clips_of_one_place_stand_out_once_features_are_whitened() -> None:
    """Two actions, each filmed twice at five places: most of the features says which action it is."""
    rng = np.random.default_rng(2)
    actions, places = rng.normal(size=(2, 64)) * 10, rng.normal(size=(10, 64))
    features = np.repeat(actions, 20, 0) + np.repeat(places, 4, 0) + rng.normal(size=(40, 64)) * 0.1
    found = similarities(whiten(features.astype(np.float32)), [1] * 40)
    joined = join(found, ["a"] * 20 + ["b"] * 20)
    assert members(joined.sets) == {frozenset(range(row, row + 4)) for row in range(0, 40, 4)}
    assert min(joined.similarity) > 0.7


def test_clips_are_joined_through_others() -> None:
    alike = matrix({(0, 1): 0.5, (1, 2): 0.45, (3, 4): 0.39}, 5)
    joined = join(alike, ["a"] * 5)
    assert members(joined.sets) == {frozenset({0, 1, 2}), frozenset({3}), frozenset({4})}
    assert joined.similarity == pytest.approx([0.5, 0.5, 0.45, 0, 0])


def test_clips_of_two_classes_must_be_more_alike() -> None:
    alike = matrix({(0, 1): 0.42, (0, 2): 0.5}, 4)
    assert members(join(alike, ["a", "b", "c", "c"]).sets) == {frozenset({0, 2}), frozenset({1}), frozenset({3})}


def test_no_set_becomes_larger_than_folds_can_hold() -> None:
    joined = join(np.ones((20, 20), np.float32), ["a"] * 10 + ["b"] * 10)
    assert max(len(each) for each in members(joined.sets)) == 6
    assert joined.refused > 0


def test_what_is_known_is_joined_whatever_it_looks_like() -> None:
    joined = join(matrix({(1, 2): 0.5}, 5), ["a"] * 5, ["x", "x", "y", "z", "z"])
    assert members(joined.sets) == {frozenset({0, 1, 2}), frozenset({3, 4})}
