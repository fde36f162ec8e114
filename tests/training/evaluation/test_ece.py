"""The calibration error of models whose true one is known, because the answers are drawn to have it."""

import math

import numpy as np
import pytest

from training.evaluation.bootstrap import SourceVideos
from training.evaluation.ece import calibration_error, plain_ece


def answers(confidence: np.ndarray, accuracy: np.ndarray, seed: int = 0):
    """Probabilities (N, 2) whose larger one is `confidence`, and truths that agree with it so often."""
    right = np.random.default_rng(seed).random(len(confidence)) < accuracy
    return np.stack([confidence, 1 - confidence], 1), np.where(right, 0, 1)


def confidences(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.5, 1, n)


def each_by_itself(n: int) -> SourceVideos:
    return SourceVideos([f"v{i:05d}" for i in range(n)])


def test_a_calibrated_model_is_not_blamed() -> None:
    confidence = confidences(300)
    rows, truth = answers(confidence, confidence)
    found = calibration_error(rows, truth, each_by_itself(300))
    assert found.interval[0] == 0
    assert found.corrected < found.measured
    # This is what the correction is for: percentiles of resamples rule out the truth, and the very value measured.
    measured, (low, _) = plain_ece(rows, truth, each_by_itself(300))
    assert low > 0
    assert measured == found.measured


def test_an_overconfident_model_is_told_its_true_error() -> None:
    confidence = confidences(2000)
    rows, truth = answers(confidence, confidence - 0.15)
    found = calibration_error(rows, truth, each_by_itself(2000))
    assert found.interval[0] < 0.15 < found.interval[1]
    assert found.corrected == pytest.approx(0.15, abs=0.03)
    assert found.interval[0] > found.floor


def test_a_lucky_zero_is_not_believed() -> None:
    """Twenty answers of 70 % confidence, 14 of them right: no gap at all, yet the true accuracy may be far off."""
    rows, truth = np.tile([0.7, 0.3], (20, 1)), np.repeat([0, 1], [14, 6])
    found = calibration_error(rows, truth, each_by_itself(20))
    assert found.measured == 0
    assert found.interval[0] == 0
    assert found.interval[1] > 0.1  # one standard deviation of 20 coins


def test_the_floor_is_what_theory_says() -> None:
    """All in one bin: the mean absolute value of a normal variable."""
    rows, truth = answers(np.full(500, 0.8), np.full(500, 0.8))
    found = calibration_error(rows, truth, each_by_itself(500))
    assert found.floor == pytest.approx(math.sqrt(2 / math.pi * 0.8 * 0.2 / 500), rel=0.06)
    assert found.floor_by_video == pytest.approx(found.floor, rel=0.1)


def test_clips_that_err_together_raise_the_floor() -> None:
    """Nine copies of each clip in its source video tell no more than one."""
    rows, truth = answers(confidences(200), confidences(200))
    once = calibration_error(rows, truth, each_by_itself(200))
    videos = SourceVideos(np.repeat([f"v{i:05d}" for i in range(200)], 9).tolist())
    often = calibration_error(rows.repeat(9, 0), truth.repeat(9), videos)
    assert often.floor == pytest.approx(once.floor / 3, rel=0.1)
    assert often.floor_by_video == pytest.approx(once.floor_by_video, abs=1e-3)
    assert often.interval == pytest.approx(once.interval, abs=1e-3)
