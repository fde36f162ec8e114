import numpy as np
import pytest

from training.evaluation.bootstrap import SourceVideos
from training.evaluation.ood import OodScores, candidate_scores, measure_known, separate
from videoxception.manifest import Calibration


def test_candidates_are_what_they_are_called() -> None:
    outputs = np.array([[[2.0, 0.0, 1.0]], [[0.0, 1.0, 9.0]]], np.float32)
    found = candidate_scores(outputs, 2, temperature=2.0)
    assert found["max_probability"] == pytest.approx([np.e / (np.e + 1), np.e**0.5 / (np.e**0.5 + 1)])
    assert found["energy"] == pytest.approx(np.log([np.exp(2) + 1, 1 + np.e]))
    everything = np.exp(outputs[:, 0].astype(np.float64))
    assert found["background"] == pytest.approx(everything[:, :2].sum(1) / everything.sum(1))
    assert set(candidate_scores(outputs[..., :2], 2, 1.0)) == {"max_probability", "energy"}


def test_auroc_is_how_often_an_action_scores_higher() -> None:
    rng = np.random.default_rng(0)
    inside, outside = rng.integers(2, 9, 40).astype(float), rng.integers(0, 7, 30).astype(float)  # with ties
    videos = SourceVideos([f"a{i // 4}" for i in range(40)]), SourceVideos([f"b{i // 3}" for i in range(30)], seed=1)
    found = separate(inside, outside, *videos)
    pairs = (inside[:, None] > outside) + (inside[:, None] == outside) / 2
    assert found.auroc == pytest.approx(pairs.mean(), abs=1e-4)
    # A resample is the data with items repeated: done by hand, here with the first one.
    times = [side.draws[0].astype(int)[side.of_item] for side in videos]
    by_hand = pairs.repeat(times[0], 0).repeat(times[1], 1).mean()
    assert found.interval[0] <= by_hand <= found.interval[1]
    assert found.interval[0] < found.auroc < found.interval[1]


@pytest.mark.parametrize(("shift", "auroc", "away"), [(100, 1.0, 1.0), (-100, 0.0, 0.0)])
def test_what_is_far_off_is_turned_away(shift: float, auroc: float, away: float) -> None:
    scores = np.arange(40.0)
    videos = SourceVideos([str(i) for i in range(40)]), SourceVideos(["one"] * 40, seed=1)
    found = separate(scores, scores - shift, *videos)
    assert (found.auroc, found.interval) == (auroc, (auroc, auroc))
    assert (found.turned_away, found.turned_away_interval) == (away, (away, away))


def test_the_models_own_threshold_is_told_apart_from_the_candidates() -> None:
    calibration = Calibration(temperature=1.0, known_threshold=0.5, fitted_on="other items")
    actions = OodScores({"max_probability": np.linspace(0, 1, 40)}, [str(i // 2) for i in range(40)])
    auxiliary = OodScores({"max_probability": np.linspace(0, 0.6, 10)}, [str(i) for i in range(10)])
    known = measure_known(actions, {"noise": auxiliary}, calibration)
    assert (known.score, known.kept) == ("max_probability", 0.5)
    assert known.ood["noise"].by_score["max_probability"].turned_away == 0.1  # below 2 / 39, and not below 0.5
    assert (known.ood["noise"].n, known.ood["noise"].source_videos) == (10, 10)
