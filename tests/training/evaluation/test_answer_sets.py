"""Conformal thresholds: against their definition, and on drawn source videos whose clips are alike."""

import math

import numpy as np
import pytest

from training.evaluation.answer_sets import (
    conformal_quantiles,
    cross_fitted_sets,
    fit_thresholds,
    measure_answer_sets,
)
from training.evaluation.bootstrap import SourceVideos
from training.evaluation.calibration import CrossFitted, cross_fit
from videoxception.answer import probabilities, set_members
from videoxception.answer_sets import LEVELS, threshold_at

RNG = np.random.default_rng


def test_with_one_clip_a_source_video_it_is_the_usual_quantile() -> None:
    scores, levels = RNG(0).normal(size=99), [0.5, 0.9, 0.95, 0.99]
    found = conformal_quantiles(scores, RNG(1).permutation(99), levels)
    assert found.tolist() == [np.sort(scores)[math.ceil(round(100 * level, 9)) - 1] for level in levels]
    assert conformal_quantiles(scores, np.arange(99), [0.991]).tolist() == [math.inf]


def test_it_is_the_quantile_of_its_definition() -> None:
    video, scores = RNG(0).integers(0, 12, 70), RNG(1).normal(size=70).round(1)  # with ties
    names = set(video.tolist())
    mass = {s: sum((scores[video == v] <= s).mean() for v in names) / (len(names) + 1) for s in sorted(scores)}
    for level, found in zip(LEVELS, conformal_quantiles(scores, video, LEVELS), strict=True):
        assert found == min((s for s in mass if mass[s] >= level - 1e-9), default=math.inf)


def test_a_source_video_counts_once_however_many_its_clips() -> None:
    scores = RNG(0).normal(size=30)
    times = RNG(1).integers(1, 9, 30)
    once = conformal_quantiles(scores, np.arange(30), LEVELS)
    assert conformal_quantiles(scores.repeat(times), np.arange(30).repeat(times), LEVELS).tolist() == once.tolist()


def draw_videos(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of clips, and the source video of each. Clips of one are alike, and the strange ones have few clips."""
    strange = rng.normal(size=count)
    clips = np.where(strange > 0.5, 1, 12)
    video = np.arange(count).repeat(clips)
    return strange[video] + rng.normal(0, 0.1, len(video)), video


def test_the_coverage_holds_for_a_clip_of_a_new_source_video() -> None:
    """And it does not if clips count alike, which shows that the test can tell."""
    rng, level, trials = RNG(0), 0.9, 4000
    covered, pooled = np.zeros(trials), np.zeros(trials)
    for trial in range(trials):
        scores, video = draw_videos(rng, 40)
        new, others = scores[video == 39][0], video < 39
        covered[trial] = new <= conformal_quantiles(scores[others], video[others], [level])[0]
        pooled[trial] = new <= np.quantile(scores[others], level, method="higher")
    four_errors = 4 * math.sqrt(level * (1 - level) / trials)
    assert level - four_errors < covered.mean() < level + 2 / 40 + four_errors
    assert pooled.mean() < level - 2 * four_errors


def draw_predictions(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits (N, 1, 8) of clips of `count` source videos, the true classes, and the source videos."""
    rng = RNG(seed)
    video = np.arange(count).repeat(rng.integers(1, 9, count))
    truth = rng.integers(0, 8, count)[video]
    logits = 2 * np.eye(8)[truth] + rng.normal(0, 1, (count, 8))[video] + rng.normal(0, 0.3, (len(video), 8))
    return logits.astype(np.float32)[:, None], truth, video


@pytest.mark.parametrize("coverage", [0.8, 0.95])
def test_answer_sets_have_the_true_class_as_often_as_promised(coverage: float) -> None:
    shares, sizes = [], []
    for seed in range(60):
        logits, truth, video = draw_predictions(seed, 400)
        rows, new = probabilities(logits[:, 0], 1.0), video >= 200
        thresholds = fit_thresholds(rows[~new], truth[~new], video[~new])
        sets = set_members(rows[new], threshold_at(thresholds, coverage))
        covered = sets[np.arange(new.sum()), truth[new]]
        shares.append(np.mean([covered[video[new] == v].mean() for v in range(200, 400)]))
        sizes.append(sets.sum(1).mean())
    error = np.std(shares) / math.sqrt(60)
    assert coverage - 4 * error < np.mean(shares) < coverage + 0.001 + 2 / 201 + 4 * error
    assert 1 < np.mean(sizes) < 5  # not by having all eight classes


def test_thresholds_fall_and_are_zero_where_there_are_too_few_source_videos() -> None:
    logits, truth, video = draw_predictions(0, 50)
    thresholds = fit_thresholds(probabilities(logits[:, 0], 1.0), truth, video)
    assert thresholds == sorted(thresholds, reverse=True)
    assert 0 < threshold_at(thresholds, 0.98) <= 1
    assert threshold_at(thresholds, 0.981) == 0  # more than 50 / 51
    assert set_members(np.array([0.9, 0.1, 0.0]), 0.0).all()


def test_thresholds_of_a_part_are_those_of_the_others() -> None:
    logits, truth, video = draw_predictions(0, 60)
    rows, part = probabilities(logits[:, 0], 1.0), video % 2
    found = cross_fitted_sets(logits, truth, video, CrossFitted(rows, [1.0, 1.0], part))
    for k in (0, 1):
        own = part == k
        thresholds = fit_thresholds(rows[~own], truth[~own], video[~own])
        np.testing.assert_array_equal(found[own], set_members(rows[own], threshold_at(thresholds, 0.95)))
    fitted = cross_fit(logits, truth.tolist(), SourceVideos([f"{v:03}" for v in video]))
    assert fitted is not None
    for v in range(60):
        assert len(set(fitted.part[video == v].tolist())) == 1  # a source video is never split


def test_figures_against_plain_loops() -> None:
    logits, truth, video = draw_predictions(0, 40)
    sets, classes = set_members(probabilities(logits[:, 0], 1.0), 0.1), list("abcdefgh")
    found = measure_answer_sets(sets, None, truth, SourceVideos([f"{v:03}" for v in video]), classes)
    assert (found.asked, found.cross_fitted) == (0.95, None)

    def mean_over_videos(values: np.ndarray, wanted: np.ndarray) -> float:
        return float(np.mean([values[(video == v)].mean() for v in sorted(set(video[wanted].tolist()))]))

    covered = np.array([sets[i, k] for i, k in enumerate(truth)], float)
    sizes, figures = sets.sum(1), found.released
    every = np.ones(len(truth), bool)
    assert figures.coverage == pytest.approx(mean_over_videos(covered, every), abs=1e-4)
    assert figures.mean_size == pytest.approx(mean_over_videos(sizes, every), abs=1e-4)
    assert figures.singletons == pytest.approx(mean_over_videos(sizes == 1, every), abs=1e-4)
    assert figures.coverage_interval[0] < figures.coverage < figures.coverage_interval[1]
    assert figures.mean_size_interval[0] < figures.mean_size < figures.mean_size_interval[1]
    assert list(figures.per_class) == [classes[k] for k in sorted(set(truth.tolist()))]
    for name, of_class in figures.per_class.items():  # a source video is of one class
        members_of = truth == classes.index(name)
        assert of_class.coverage == pytest.approx(mean_over_videos(covered, members_of), abs=1e-4)
        assert of_class.mean_size == pytest.approx(mean_over_videos(sizes, members_of), abs=1e-4)
