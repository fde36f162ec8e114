"""Planted mistakes of labels stand first in the list of doubts."""

from pathlib import Path

import numpy as np
import pytest

from tests.shipped import DEFAULT
from training.data.dataset import Item
from training.evaluation.doubted_files import doubted_files
from training.evaluation.label_doubts import label_doubts
from training.evaluation.leakage import hash_of, own_name
from training.evaluation.stored import load_predictions


def test_a_doubt_is_the_odds_of_the_best_other_class() -> None:
    rows = np.array([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25], [0.0, 1.0, 0.0]])
    found = label_doubts(rows, np.array([0, 2, 0]))
    assert found.doubt[:2] == pytest.approx([np.log(0.2 / 0.7), np.log(2)])
    assert found.instead.tolist() == [1, 1, 1]
    assert found.order.tolist() == [2, 1, 0]


def test_flipped_labels_come_first() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 5, 400)
    logits = rng.normal(0, 1, (400, 5))
    logits[np.arange(400), truth] += 5
    rows = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    flipped = rng.permutation(400)[:20]
    labels = truth.copy()
    labels[flipped] = (labels[flipped] + 1) % 5
    assert set(flipped) <= set(label_doubts(rows, labels).order[:40])


def test_a_release_doubts_the_files_that_it_was_measured_on(stills_of_release: list[Item]) -> None:
    found = doubted_files(DEFAULT, stills_of_release)
    assert len(found) == len(stills_of_release)
    assert [each.doubt for each in found] == sorted((each.doubt for each in found), reverse=True)
    assert found[0].instead != found[0].item.label
    assert found[-1].label_probability > 0.99


@pytest.fixture
def stills_of_release() -> list[Item]:
    """Items by the names of real ones, without files: of UCF-101's names, those whose hashes the release keeps."""
    kept = {(item.label, item.path.name) for item in load_predictions(DEFAULT.predictions).scores.data.items}
    names = [
        Item(Path(f"v_{label}_g{group:02}_c{clip:02}.jpg"), label, "")
        for label in DEFAULT.manifest.classes
        for group in range(1, 26)
        for clip in range(1, 8)
    ]
    return [item for item in names if (item.label, hash_of(own_name(item))) in kept]
