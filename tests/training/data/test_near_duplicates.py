"""Source videos that look alike, against loops over all pairs."""

import numpy as np
import pytest

from training.data.near_duplicates import Descriptors, SimilarPair, same_recordings, similar_pairs, whiten

GROUPS = ["b", "a", "c", "a", "d", "b", "c", "e"]


def unit_rows(count: int, width: int, seed: int = 0) -> Descriptors:
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("threshold", [-1.0, 0.2, 0.5, 1.1])
def test_pairs_are_those_of_the_two_most_similar_items(threshold: float) -> None:
    descriptors = unit_rows(len(GROUPS), 4)
    expected = {}
    for one, first in enumerate(GROUPS):
        for two, second in enumerate(GROUPS):
            similarity = float(descriptors[one] @ descriptors[two])
            if first < second and similarity >= max(threshold, expected.get((first, second), (-2.0,))[0]):
                expected[first, second] = (similarity, one, two)
    found = similar_pairs(descriptors, GROUPS, threshold)
    assert {pair.groups: (pytest.approx(pair.similarity), *pair.rows) for pair in found} == expected
    assert [pair.similarity for pair in found] == sorted((pair.similarity for pair in found), reverse=True)


def test_whitening_is_that_of_a_singular_value_decomposition() -> None:
    """Cosines are the same in any basis."""
    features = np.random.default_rng(1).normal(size=(60, 6)).astype(np.float32) * np.arange(1, 7, dtype=np.float32) + 5
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    centred = unit - unit.mean(0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    left = np.linalg.svd(centred, full_matrices=False)[0][:, :4]
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    found = whiten(features, components=4, floor=0.0)
    assert found.dtype == np.float32
    assert found @ found.T == pytest.approx(left @ left.T, abs=1e-3)


def test_videos_of_one_place_stand_out_once_features_are_whitened() -> None:
    """Two actions, each filmed twice at five places: most of the features says which action it is."""
    rng = np.random.default_rng(2)
    actions, places = rng.normal(size=(2, 64)) * 10, rng.normal(size=(10, 64))
    features = np.repeat(actions, 10, 0) + np.repeat(places, 2, 0) + rng.normal(size=(20, 64)) * 0.1
    groups = [f"{row:02}" for row in range(20)]
    same_place = {(f"{row:02}", f"{row + 1:02}") for row in range(0, 20, 2)}
    whitened = whiten(features.astype(np.float32), components=9)
    assert {pair.groups for pair in similar_pairs(whitened, groups, 0.8)} == same_place
    plain = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    assert len(similar_pairs(plain, groups, 0.8)) == 2 * 45  # all of one action


def test_what_pairs_join_is_one_recording() -> None:
    pairs = [SimilarPair((one, two), (0, 0), 0.9) for one, two in (("b", "d"), ("a", "b"), ("e", "f"), ("d", "g"))]
    assert same_recordings(pairs) == [["a", "b", "d", "g"], ["e", "f"]]
    assert same_recordings([]) == []
