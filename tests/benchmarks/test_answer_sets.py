import numpy as np
import pytest

from benchmarks.answer_sets import SCORES, main, more_probable, ranks, saps, sets_by, table
from tests.shipped import SHIPPED
from training.evaluation.answer_sets import cross_fitted_sets
from training.evaluation.bootstrap import SourceVideos
from training.evaluation.calibration import cross_fit
from training.evaluation.predictions import Scores
from training.evaluation.stored import load_predictions

ROWS = np.array([[0.2, 0.5, 0.3]])


@pytest.fixture(scope="module")
def scores() -> Scores:
    return load_predictions(SHIPPED.predictions).scores


def test_scores_by_hand() -> None:
    assert ranks(ROWS).tolist() == [[2, 0, 1]]
    np.testing.assert_allclose(more_probable(ROWS), [[0.8, 0, 0.5]], atol=1e-12)
    np.testing.assert_allclose(saps(ROWS), [[0.65, 0.25, 0.55]])


def test_one_less_p_gives_the_answer_sets_that_are_released(scores: Scores) -> None:
    videos = SourceVideos(scores.data.groups)
    fitted = cross_fit(scores.logits, scores.data.targets, videos)
    assert fitted is not None
    released = cross_fitted_sets(scores.logits, np.asarray(scores.data.targets), videos.of_item, fitted)
    again = sets_by(SCORES["1 - p (LAC, arXiv 1609.00451)"], scores, 0.95)
    assert (again != released).mean() < 1e-3  # thresholds are rounded there


def test_every_score_has_a_row_and_a_set_for_each_item(scores: Scores) -> None:
    shown = table(scores, 0.9)
    assert all(f"\n| {name} | " in shown for name in SCORES)
    assert all(sets_by(score, scores, 0.5).any(1).all() for score in SCORES.values())


def test_a_model_that_is_not_there_is_one_line() -> None:
    with pytest.raises(SystemExit, match="error: no model nothing"):
        main(["nothing"])
