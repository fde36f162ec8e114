"""The shipped models' cards, computed again; test_chain.py has cards that do not agree."""

import pytest

from tests.shipped import DEFAULT, SHIPPED
from training.errors import TrainingError
from training.evaluation.recompute import differences_from_card
from videoxception.store import Release


@pytest.mark.parametrize("release", [SHIPPED, DEFAULT], ids=str)
def test_a_shipped_models_predictions_give_every_figure_of_its_card(release: Release) -> None:
    count, differing = differences_from_card(release)
    assert differing == []
    assert count > 600  # with intervals, classes, confusion matrix and OOD sets


def test_a_release_without_predictions_is_refused() -> None:
    bare = Release(SHIPPED.folder, SHIPPED.manifest.model_copy(update={"files": {}}))
    with pytest.raises(TrainingError, match="keeps no predictions, so that its figures cannot be computed again"):
        differences_from_card(bare)
