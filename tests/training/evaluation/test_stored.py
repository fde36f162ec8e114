"""Predictions that are written and read again give the same figures to the digit, and tell no names."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.conftest import CLASSES
from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from training.evaluation.ood import SEEN, UNSEEN
from training.evaluation.predictions import OodOutputs, Scores
from training.evaluation.protocol import calibrate, measure_predictions
from training.evaluation.stored import Predictions, load_predictions, save_predictions
from training.evaluation.views import Views


def items(classes: tuple[str, ...], count: int, seed: int) -> DataSet:
    """Items in no order, of source videos whose order by name is not that of their first items."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        label, video = classes[rng.integers(len(classes))], rng.integers(7)
        found.append(Item(Path(f"/data/{label}/{number}.avi"), label, f"{label} {video}", fold=int(video) % 2))
    return DataSet(tuple(found), classes)


def outputs(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(0, 2, shape).astype(np.float32)


@pytest.fixture
def predictions() -> Predictions:
    """Of videos in two views, with their frames; each OOD set has classes of its own."""
    own = items(CLASSES, 40, 0)
    logits = outputs(40, 2, 4)
    logits[np.arange(40), :, own.targets] += 3
    ood = {name: OodOutputs(items(("x", "y"), 30, seed), outputs(30, 2, 4)) for name, seed in ((SEEN, 1), (UNSEEN, 2))}
    return Predictions(Scores(own, Views(2), logits, outputs(40, 10, 3), []), ood)


def test_all_figures_are_equal(predictions: Predictions, tmp_path: Path) -> None:
    save_predictions(tmp_path / "p.safetensors", predictions)
    again = load_predictions(tmp_path / "p.safetensors")
    calibration = calibrate(predictions.scores, "background", [])
    assert calibrate(again.scores, "background", []) == calibration
    before, after = (measure_predictions(each, calibration, "made up").metrics for each in (predictions, again))
    assert before.baselines is not None
    assert before.known is not None
    assert before.known.ood.keys() == {SEEN, UNSEEN}
    assert after == before


def test_names_are_not_kept_but_folds_are(predictions: Predictions, tmp_path: Path) -> None:
    path = tmp_path / "p.safetensors"
    save_predictions(path, predictions)
    found = load_predictions(path).scores.data
    assert [item.fold for item in found.items] == [item.fold for item in predictions.scores.data.items]
    assert [item.label for item in found.items] == [item.label for item in predictions.scores.data.items]
    assert b"Punch 3" not in path.read_bytes()
    assert b"avi" not in path.read_bytes()


def test_the_same_predictions_are_the_same_file(predictions: Predictions, tmp_path: Path) -> None:
    for name in "ab":
        save_predictions(tmp_path / name, predictions)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("content", [b"", b"no predictions", b"\x02\0\0\0\0\0\0\0{}"])
def test_what_is_no_such_file_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(TrainingError, match="p holds no predictions that can be read"):
        load_predictions(tmp_path / "p")
