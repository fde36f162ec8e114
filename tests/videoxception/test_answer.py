import numpy as np
import pytest

from videoxception.answer import answer, probabilities
from videoxception.store import Release


def test_probabilities_are_a_softmax_at_a_temperature() -> None:
    logits = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]], np.float32)
    rows = probabilities(logits, 2.0)
    assert rows[0] == pytest.approx(np.exp([0.5, 1.0, 1.5]) / np.exp([0.5, 1.0, 1.5]).sum())
    assert rows[1] == pytest.approx([1, 0, 0])


def test_an_answer_has_all_classes_in_order_and_sums_to_one(release: Release) -> None:
    logits = np.linspace(-3, 3, 16)
    said = answer(release.manifest, logits)
    assert list(said.probabilities) == release.manifest.classes
    assert sum(said.probabilities.values()) == pytest.approx(1)
    assert said.label == "TennisSwing"
    assert said.confidence == said.known_score == max(said.probabilities.values())


def test_an_answer_below_the_threshold_is_not_known(release: Release) -> None:
    assert answer(release.manifest, np.eye(16)[3] * 100).known
    assert not answer(release.manifest, np.zeros(16)).known
