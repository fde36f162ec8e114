"""Two releases on the same items, by the predictions that they keep."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.shipped import DEFAULT, SHIPPED
from tests.training.conftest import draw
from training.compare_models import main
from training.config.data import DataConfig
from training.data.dataset import DataSet, Item
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.evaluation.released_pairs import Predicted, pair_of, scored_pair, stored_pair
from training.reporting.model_comparison import model_comparison
from videoxception.canary.of_labels import labelled_of


def predicted(name: str, labels: str, groups: str, right: str, classes: tuple[str, ...] = ("a", "b")) -> Predicted:
    """A model's answers for items that are named by their place."""
    items = tuple(
        Item(Path(str(row)), label, group) for row, (label, group) in enumerate(zip(labels, groups, strict=True))
    )
    rows = np.full((len(items), len(classes)), 0.2 / (len(classes) - 1))
    for row, (item, good) in enumerate(zip(items, right, strict=True)):
        number = classes.index(item.label)
        rows[row, number if good == "1" else (number + 1) % len(classes)] = 0.8
    return Predicted(name, DataSet(items, classes), rows)


def test_models_are_compared_on_what_both_were_measured_on() -> None:
    one = predicted("one", "aabb", "uuvw", "1100")
    other = predicted("other", "aab", "uuv", "111", ("b", "a", "c"))
    first, second = pair_of(one, other)
    assert (len(first.items), first.mean("top1"), second.mean("top1")) == (3, pytest.approx(2 / 3), 1)
    text = model_comparison((first, second))
    assert "3 items of 2 source videos" in text
    assert "right: both 2, the first alone 0, the second alone 1, neither 0" in text
    assert "neither is shown to be right more often" in text


def test_what_either_model_has_as_one_source_video_is_one() -> None:
    first, second = pair_of(predicted("one", "aaab", "uuvw", "1111"), predicted("other", "aaab", "xyyz", "1111"))
    assert len({item.group for item in first.items}) == 2
    assert first.items == second.items


def test_models_without_a_common_item_cannot_be_compared() -> None:
    with pytest.raises(TrainingError, match="one and other were measured on different items"):
        pair_of(predicted("one", "a", "u", "1"), predicted("other", "b", "u", "1"))


def test_the_shipped_models_are_compared_by_their_predictions() -> None:
    pair = stored_pair(SHIPPED, DEFAULT)
    assert len(pair[0].items) == len(pair[1].items) > 700
    assert pair[1].mean("top1") > pair[0].mean("top1")
    assert f"so {DEFAULT} is right more often" in model_comparison(pair)


class Confident:
    """An engine that names the same class whatever it is shown."""

    def __init__(self, number: int) -> None:
        self.number = number

    def predict(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        logits = np.zeros((len(frames), 16), np.float32)
        logits[:, self.number] = 9
        return logits


def test_models_are_compared_on_stills_that_neither_has_learnt_from(tmp_path: Path) -> None:
    for label, name in (("Punch", "v_Punch_g99_c01"), ("Punch", "v_Punch_g08_c01"), ("Bowling", "v_Bowling_g99_c01")):
        (tmp_path / label).mkdir(exist_ok=True)
        draw(tmp_path / label / f"{name}.jpg", (90, 90, 90), len(name))
    classes = ("Bowling", "Punch")
    dataset = open_dataset(DataConfig(layout="stills", data=str(tmp_path), classes=classes))
    numbers = {SHIPPED.manifest.name: SHIPPED.manifest.classes.index("Punch"), DEFAULT.manifest.name: 0}
    (one, other), notes = scored_pair(
        (SHIPPED, DEFAULT), dataset, lambda release: Confident(numbers[release.manifest.name]), skip_bad=False
    )
    assert {item.path.stem for item in one.items} == {"v_Punch_g99_c01", "v_Bowling_g99_c01"}
    assert (one.mean("top1"), other.mean("top1")) == (0.5, 0)
    assert any(note.startswith("left out 1 of 3 items") for note in notes)


def test_a_model_is_not_compared_with_itself() -> None:
    with pytest.raises(SystemExit, match="name two models, or two versions of one"):
        main([str(SHIPPED), str(SHIPPED)])


def test_the_comparison_as_json_is_what_the_canary_reads(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(SHIPPED), str(DEFAULT), "--json"])
    found = labelled_of(capsys.readouterr().out)
    assert found.top1.low > 0
    assert found.items >= found.videos > 100
