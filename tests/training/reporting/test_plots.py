import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.training.conftest import CLASSES
from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from training.evaluation.ood import SEEN, SYNTHETIC, OodScores
from training.evaluation.predictions import Scores
from training.evaluation.summary import Evaluation, evaluate
from training.evaluation.views import Views
from training.reporting.plots.draw import draw_evaluation, draw_or_explain, draw_run
from training.trainer.log import EpochReport, append_log
from videoxception.clip import ClipSpec
from videoxception.manifest import Calibration


@pytest.fixture
def items(stills_root: Path) -> list[Item]:
    paths = sorted(stills_root.glob("*/*.jpg"))
    return [Item(path, path.parent.name, path.stem.rpartition("_")[0]) for path in paths]


CALIBRATION = Calibration(temperature=1.0, known_threshold=0.5, fitted_on="x")


def judged(
    items: Sequence[Item], classes: tuple[str, ...], confusing: float, ood: dict[str, OodScores] | None = None
) -> Evaluation:
    data = DataSet(tuple(items), classes)
    drawn = np.random.default_rng(0).normal(0, confusing, (len(items), len(classes)))
    logits = (drawn + 2 * np.eye(len(classes))[data.targets]).astype(np.float32)[:, None]
    return evaluate(Scores(data, Views(), logits, None, []), CALIBRATION, "made up", ood)


def test_the_roc_curves_are_drawn_where_outsiders_were_scored(items: list[Item], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from training.reporting.plots.roc import roc

    rng = np.random.default_rng(1)
    scores = OodScores({"max_probability": rng.random(30), "energy": rng.random(30)}, [str(i) for i in range(30)])
    found = judged(items, CLASSES, 2, {SEEN: scores, SYNTHETIC: scores})
    drawn = draw_evaluation(tmp_path, "toy@1", ClipSpec(), found)
    assert drawn[-1].name == "roc.png"
    assert min(png_size(drawn[-1])) > 400
    kept, let_in = roc(np.array([1.0, 3.0]), np.array([0.0, 2.0]))
    assert list(zip(kept, let_in, strict=True)) == [(0, 0), (0.5, 0), (0.5, 0.5), (1, 0.5), (1, 1)]


def png_size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


@pytest.mark.parametrize("extra", [0, 60])
def test_an_evaluation_is_drawn_for_few_and_many_classes(items: list[Item], extra: int, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    classes = CLASSES + tuple(f"Class{i}" for i in range(extra))
    drawn = draw_evaluation(tmp_path / "plots", "toy@1", ClipSpec(), judged(items, classes, 2))
    assert [path.name for path in drawn] == ["confusion.png", "reliability.png", "mistakes.png"]
    assert all(min(png_size(path)) > 400 for path in drawn)


def test_mistakes_are_the_most_confident_ones_of_different_source_videos(items: list[Item]) -> None:
    pytest.importorskip("matplotlib")
    from training.reporting.plots.worst_errors import most_confident_errors

    found = judged(items, CLASSES, 4)
    chosen = most_confident_errors(found)
    truth, confidence = np.array(found.scores.data.targets), found.probabilities.max(1)
    assert (found.probabilities.argmax(1)[chosen] != truth[chosen]).all()
    assert sorted(confidence[chosen], reverse=True) == confidence[chosen].tolist()
    groups = [found.scores.data.groups[row] for row in chosen]
    assert len(set(groups)) == len(groups)
    wrong = np.flatnonzero(found.probabilities.argmax(1) != truth)
    assert chosen[0] == wrong[confidence[wrong].argmax()]


def test_without_a_mistake_there_is_nothing_to_show(items: list[Item], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    drawn = draw_evaluation(tmp_path, "toy@1", ClipSpec(), judged(items, CLASSES, 0))
    assert "mistakes.png" not in [path.name for path in drawn]


def test_curves_are_drawn_from_the_log(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert draw_run(tmp_path) == []
    append_log(tmp_path, EpochReport(epoch=1, loss=1.0, lr=0.1, seconds=1.0, waited=0.0, validation=None))
    append_log(tmp_path, EpochReport(epoch=2, loss=0.5, lr=0.05, seconds=1.0, waited=0.0, validation=None))
    (path,) = draw_run(tmp_path)
    assert png_size(path)[0] > 400


def test_without_matplotlib_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(TrainingError, match=r"plots need matplotlib: pip install 'videoxception\[train\]'"):
        draw_run(tmp_path)
    caplog.set_level(logging.INFO, "training")
    draw_or_explain(lambda: draw_run(tmp_path))
    assert "no plots: plots need matplotlib" in caplog.text
