import numpy as np
import pytest

from training.evaluation.bootstrap import SourceVideos
from training.evaluation.calibration import cross_fit, fit_temperature, fit_threshold, mean_probabilities
from training.evaluation.metrics import measure
from training.reporting.table import table
from videoxception.answer import probabilities

CLASSES = tuple("abcdefg")


def random_answers(n: int = 200, videos: int = 40, seed: int = 0):
    rng = np.random.default_rng(0)
    targets = rng.integers(0, len(CLASSES), n)
    logits = rng.normal(0, 1, (n, len(CLASSES))) + 1.5 * np.eye(len(CLASSES))[targets]
    groups = [f"v{g}" for g in rng.integers(0, videos, n)]
    return logits.astype(np.float32), targets.tolist(), groups


def test_top_5_is_left_out_of_five_classes() -> None:
    for count, shown in ((5, False), (6, True)):
        rows = np.full((12, count), 1 / count)
        found = measure(rows, [k % count for k in range(12)], [str(k) for k in range(12)], CLASSES[:count], "made up")
        assert ("top-5" in table("toy@1", found)) == shown


def test_figures_against_plain_loops() -> None:
    logits, targets, groups = random_answers()
    rows = probabilities(logits, 1.0)
    found = measure(rows, targets, groups, CLASSES, "made up")
    pairs = list(zip(rows, targets, strict=True))
    assert found.n == 200
    assert found.source_videos == len(set(groups))
    assert found.top1 == pytest.approx(np.mean([row.argmax() == t for row, t in pairs]), abs=1e-4)
    top5 = [t in np.argsort(row)[-5:] for row, t in pairs]
    assert found.top5 == pytest.approx(np.mean(top5), abs=1e-4)
    assert found.nll == pytest.approx(np.mean([-np.log(row[t]) for row, t in pairs]), abs=1e-4)
    brier = [sum((p - (k == t)) ** 2 for k, p in enumerate(row)) for row, t in pairs]
    assert found.brier == pytest.approx(np.mean(brier), abs=1e-4)
    ece = 0.0
    for low in np.arange(15) / 15:
        members = [(row.max(), row.argmax() == t) for row, t in pairs if low <= row.max() < low + 1 / 15]
        if members:
            confidence, right = np.mean(members, 0)
            ece += len(members) / 200 * abs(confidence - right)
    assert found.ece == pytest.approx(ece, abs=1e-4)


def test_the_confusion_matrix_has_a_row_for_each_true_class() -> None:
    logits, targets, groups = random_answers()
    found = measure(probabilities(logits, 1.0), targets, groups, CLASSES, "made up")
    matrix = np.array(found.confusion)
    assert matrix.sum(1).tolist() == [targets.count(k) for k in range(len(CLASSES))]
    assert matrix.trace() == round(found.top1 * 200)
    assert [figure.n for figure in found.per_class.values()] == matrix.sum(1).tolist()


def test_intervals_hold_the_figure_and_are_the_same_every_time() -> None:
    answers = random_answers()
    one, two = (measure(probabilities(answers[0], 1.0), *answers[1:], CLASSES, "x") for _ in range(2))
    assert one == two
    for name, (low, high) in one.intervals.items():
        if name != "ece":  # which is biased upwards in resamples
            assert low < getattr(one, name) < high


def test_clips_of_one_video_count_as_one_observation() -> None:
    """Ten copies of every item in the same videos must not narrow the interval."""
    logits, targets, groups = random_answers()
    rows = probabilities(logits, 1.0)
    once = measure(rows, targets, groups, CLASSES, "x").intervals["top1"]
    often = measure(
        np.repeat(rows, 10, 0), np.repeat(targets, 10).tolist(), np.repeat(groups, 10).tolist(), CLASSES, "x"
    )
    assert often.intervals["top1"] == pytest.approx(once, abs=1e-4)


def test_a_class_without_items_has_no_figure() -> None:
    logits, _, groups = random_answers()
    found = measure(probabilities(logits, 1.0)[:3], [0, 0, 1], groups[:3], CLASSES, "x")
    assert found.per_class["g"].top1 is None
    assert "g" not in [line.split()[0] for line in table("toy@1", found).splitlines() if line]


def test_the_temperature_of_overconfident_logits_is_found() -> None:
    logits, targets, _ = random_answers(5000)
    views = logits[:, None]
    fair = fit_temperature(views, targets)
    assert fit_temperature(views * 3, targets) == pytest.approx(3 * fair, rel=1e-2)


def test_a_source_video_has_the_temperature_that_the_others_ask_for() -> None:
    logits, targets, _ = random_answers()
    views, groups = logits[:, None], ["a"] * 120 + ["b"] * 80
    found = cross_fit(views, targets, SourceVideos(groups))
    assert found is not None
    of_a, of_b = fit_temperature(views[120:], targets[120:]), fit_temperature(views[:120], targets[:120])
    assert sorted(found.temperatures) == sorted([of_a, of_b])
    assert of_a != of_b
    np.testing.assert_allclose(found.probabilities[:120], probabilities(logits[:120], of_a))
    np.testing.assert_allclose(found.probabilities[120:], probabilities(logits[120:], of_b))


def test_one_source_video_leaves_nothing_to_fit_on() -> None:
    logits, targets, _ = random_answers()
    assert cross_fit(logits[:, None], targets, SourceVideos(["a"] * 200)) is None


def test_views_are_averaged_as_probabilities() -> None:
    logits = np.array([[[0.0, 4.0], [2.0, 0.0]]], np.float32)
    expected = (probabilities(logits[0, :1], 2.0) + probabilities(logits[0, 1:], 2.0)) / 2
    np.testing.assert_allclose(mean_probabilities(logits, 2.0), expected)


def test_the_threshold_keeps_95_percent() -> None:
    scores = np.random.default_rng(0).random(1000)
    kept = (scores >= fit_threshold(scores)).mean()
    assert 0.95 <= kept < 0.953
