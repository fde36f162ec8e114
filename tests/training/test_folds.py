"""What may not judge; test_chain.py has the commands, and what a judge that may says."""

from dataclasses import replace
from pathlib import Path

import pytest

from training import checkpoint
from training.config import Config, DataConfig, TeacherConfig, parse_stages
from training.data import DataSet
from training.data.split import Split
from training.errors import TrainingError
from training.folds import folds_of

RELEASED = Config(data=DataConfig(classes=("a", "b"), holdout=0), stages=parse_stages("1x1x32x8"))
NOTHING_HELD_OUT = Split(DataSet((), ("a", "b")), DataSet((), ("a", "b")), "nothing held out")


def run(folder: Path, fold: int | None, **changes: object) -> Path:
    """The folder of a run that left out a fold."""
    data = replace(RELEASED.data, fold=fold, holdout=0 if fold is None else 0.2)
    checkpoint.open_run(folder, replace(RELEASED, data=data, **changes), resume=False)
    return folder


@pytest.mark.parametrize("seen", [None, 2])
def test_a_judge_that_began_with_weights_that_saw_the_fold_is_refused(seen: int | None, tmp_path: Path) -> None:
    """Also if they are two runs back."""
    first = run(tmp_path / "first", seen)
    second = run(tmp_path / "second", 1, init=str(first))
    judge = run(tmp_path / "judge", 1, init=str(second))
    for each in (second, judge):
        with pytest.raises(TrainingError, match=f"began with or learnt from {first}, which did not leave out fold 1"):
            folds_of([each], RELEASED, NOTHING_HELD_OUT)


@pytest.mark.parametrize(
    ("model", "message"),
    [("videoxception-a", "did not leave out fold 1"), ("gone@1", "gone@1 is not there to tell what it left out")],
)
def test_a_judge_whose_teacher_saw_the_fold_is_refused(model: str, message: str, tmp_path: Path) -> None:
    judge = run(tmp_path / "judge", 1, teacher=TeacherConfig(teacher=model))
    released = replace(RELEASED, teacher=TeacherConfig(teacher=model))
    with pytest.raises(TrainingError, match=message):
        folds_of([judge], released, NOTHING_HELD_OUT)
