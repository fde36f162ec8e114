"""What may judge and what may not; test_chain.py has the commands, and what a judge says."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.evaluation.test_assignment import Named
from training.config.data import ROTATE, DataConfig
from training.config.distillation import TeacherConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.data.dataset import DataSet, Item
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.assignment import is_of_new_class
from training.evaluation.cross_validation import folds_of, scorer_of
from training.evaluation.leakage import (
    check_no_leakage,
    check_start_leakage,
    hash_of,
    is_learnt,
    record_sources,
    sources_of_all,
    sources_of_run,
)
from training.model import checkpoint

CONFIG = Config(data=DataConfig(classes=("a", "b"), holdout=0), stages=parse_stages("1x1x32x8"))
ITEMS = tuple(
    Item(Path(f"{label}/{n}.jpg"), label, f"video {label}{n}", fold=n) for label in ("a", "b") for n in (1, 2, 3)
)
SPLIT = Split(DataSet(ITEMS, ("a", "b")), DataSet((), ("a", "b")), "nothing held out")
EVERYTHING = [item.group for item in ITEMS]
WITHOUT_1 = [item.group for item in ITEMS if item.fold != 1]


def run(folder: Path, fold: int | None, learnt: Iterable[str], **changes: object) -> Path:
    """The folder of a run that was to leave out a fold, and what it did learn from."""
    data = replace(CONFIG.data, fold=fold, holdout=0 if fold is None else 0.2)
    checkpoint.open_run(folder, replace(CONFIG, data=data, **changes), resume=False)
    record_sources(folder, checkpoint.read_config(folder), learnt)
    return folder


@pytest.fixture
def released(tmp_path: Path) -> Path:
    return run(tmp_path / "released", None, EVERYTHING)


def test_a_judge_has_learnt_all_but_its_fold(released: Path, tmp_path: Path) -> None:
    judge = run(tmp_path / "judge", 1, WITHOUT_1)
    assert folds_of([judge], released, SPLIT) == {1: judge}


def test_a_judge_may_begin_with_a_run_on_other_data(released: Path, tmp_path: Path) -> None:
    elsewhere = run(tmp_path / "elsewhere", None, ["another video"])
    judge = run(tmp_path / "judge", 1, WITHOUT_1, init=str(elsewhere))
    assert folds_of([judge], released, SPLIT) == {1: judge}


@pytest.mark.parametrize("how", ["init", "teacher"])
def test_a_judge_that_was_taught_by_a_run_that_saw_the_fold_is_refused(
    how: str, released: Path, tmp_path: Path
) -> None:
    """Also if it began with what such a teacher had taught."""
    teacher = run(tmp_path / "teacher", None, EVERYTHING)
    taught = run(tmp_path / "taught", 1, WITHOUT_1, teacher=TeacherConfig(teacher=f"{teacher}"))
    options = {"init": {"init": str(taught)}, "teacher": {"teacher": TeacherConfig(teacher=f" , {taught}")}}
    judge = run(tmp_path / "judge", 1, WITHOUT_1, **options[how])
    for each in (taught, judge):
        with pytest.raises(TrainingError, match=r"which has learnt from 2 source videos .* such as video a1"):
            folds_of([each], released, SPLIT)


def test_what_is_behind_a_judge_need_not_be_there_any_more(released: Path, tmp_path: Path) -> None:
    """As when its folder was moved, or is looked for from elsewhere."""
    teacher = run(tmp_path / "teacher", None, EVERYTHING)
    judge = run(tmp_path / "judge", 1, WITHOUT_1, teacher=TeacherConfig(teacher=f"{teacher}"))
    teacher.rename(tmp_path / "moved")
    with pytest.raises(TrainingError, match="which has learnt from 2 source videos"):
        folds_of([judge], released, SPLIT)
    with pytest.raises(TrainingError, match="is neither"):
        run(tmp_path / "late", 1, WITHOUT_1, teacher=TeacherConfig(teacher=f"{teacher}"))


@pytest.mark.parametrize("fold", [None, 1])
def test_a_judge_that_began_with_weights_that_saw_the_fold_is_refused(
    fold: int | None, released: Path, tmp_path: Path
) -> None:
    """Also if they are two runs back, and whatever their options say."""
    first = run(tmp_path / "first", fold, EVERYTHING)
    second = run(tmp_path / "second", 1, WITHOUT_1, init=str(first))
    judge = run(tmp_path / "judge", 1, WITHOUT_1, init=str(second))
    for each in (second, judge):
        with pytest.raises(
            TrainingError, match=r"which has learnt from 2 source videos .* train it again with another"
        ):
            folds_of([each], released, SPLIT)


def test_of_a_judge_that_began_with_weights_that_saw_auxiliary_classes_it_is_said(
    released: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    auxiliary = (*ITEMS, Item(Path("c/1.jpg"), "c", "video c1", fold=1))
    record_sources(released, CONFIG, ["video c1"])
    caplog.set_level(logging.INFO, "training")
    first = run(tmp_path / "first", 1, [*WITHOUT_1, "video c1"])
    judge = run(tmp_path / "judge", 1, WITHOUT_1, init=str(first))
    assert folds_of([judge], released, replace(SPLIT, training=DataSet(auxiliary, ("a", "b", "c")))) == {1: judge}
    assert f"note: {first} has learnt from 1 source videos of auxiliary classes that are held out" in caplog.text
    assert "they are not scored" in caplog.text


@pytest.mark.parametrize(
    ("learnt", "message"),
    [
        ([*WITHOUT_1, "video a1"], "has learnt from 1 source videos that it would be measured on, such as video a1"),
        (WITHOUT_1[1:], "on other data than the released run: 1 source videos .* such as video a2"),
    ],
)
def test_a_judge_is_taken_by_what_it_learnt_from_not_by_its_options(
    learnt: list[str], message: str, released: Path, tmp_path: Path
) -> None:
    """As when the table of folds was changed between the runs."""
    judge = run(tmp_path / "judge", 1, learnt)
    with pytest.raises(TrainingError, match=message):
        folds_of([judge], released, SPLIT)


def test_a_judge_whose_teacher_does_not_tell_what_it_has_seen_is_refused(
    released: Path, silent_release: str, tmp_path: Path
) -> None:
    judge = run(tmp_path / "judge", 1, WITHOUT_1, teacher=TeacherConfig(teacher=silent_release))
    with pytest.raises(TrainingError, match="silent@1, which does not tell what it has learnt from"):
        folds_of([judge], released, SPLIT)


def test_what_a_release_hands_on(silent_release: str, tmp_path: Path) -> None:
    """All that its runs and what is behind them have learnt from; nothing if one of them does not tell."""
    first = run(tmp_path / "first", 1, ["video x"])
    second = run(tmp_path / "second", 1, WITHOUT_1, init=str(first))
    told = sources_of_all([second, first])
    assert told is not None
    assert len(told) == len({"video x", *WITHOUT_1}) + len(CONFIG.data.classes)
    assert not any("video" in each for each in told)  # names may be private
    third = run(tmp_path / "third", 1, WITHOUT_1, init=silent_release)
    assert sources_of_all([second, third]) is None
    check_start_leakage(third, ITEMS, (), strict=False)


AUXILIARY = tuple(Item(Path(f"{label}/{n}.jpg"), label, f"video {label}{n}", fold=n) for n in (1, 2) for label in "cd")
ROTATING = replace(SPLIT, training=DataSet((*ITEMS, *AUXILIARY), ("a", "b", "c", "d")))
WITHOUT_1_OR_C = [item.group for item in ROTATING.training.items if item.fold != 1 and item.label != "c"]


def rotating_run(
    folder: Path,
    fold: int | None,
    auxiliary: tuple[str, ...],
    unseen: tuple[str, ...],
    learnt: Iterable[str],
    **changes: object,
) -> Path:
    data = replace(CONFIG.data, fold=fold, holdout=0, auxiliary=auxiliary, unseen=unseen)
    checkpoint.open_run(folder, replace(CONFIG, data=data, **changes), resume=False)
    record_sources(folder, checkpoint.read_config(folder), learnt)
    return folder


@pytest.fixture
def rotating(tmp_path: Path) -> Path:
    """The folder of a run to be released, with auxiliary classes that fold models leave out in turn."""
    return rotating_run(tmp_path / "rotating", None, ("c", "d"), ROTATE, ROTATING.training.groups)


def test_a_judge_may_leave_out_auxiliary_classes(rotating: Path, tmp_path: Path) -> None:
    judge = rotating_run(tmp_path / "judge", 1, ("d",), ("c",), WITHOUT_1_OR_C)
    assert folds_of([judge], rotating, ROTATING) == {1: judge}
    other = rotating_run(tmp_path / "other", 1, ("d",), ("e",), WITHOUT_1_OR_C)
    with pytest.raises(TrainingError, match="with other options than the released run: --auxiliary; its figures"):
        folds_of([other], rotating, ROTATING)


def test_a_judge_that_saw_a_class_which_it_was_to_leave_out_is_refused(rotating: Path, tmp_path: Path) -> None:
    judge = rotating_run(tmp_path / "judge", 1, ("d",), ("c",), [*WITHOUT_1_OR_C, "video c2"])
    with pytest.raises(TrainingError, match="1 source videos are in one of them alone, such as video c2"):
        folds_of([judge], rotating, ROTATING)


def test_a_source_video_that_a_left_out_class_shares_with_another_is_learnt_from(tmp_path: Path) -> None:
    items = [replace(item, group=item.group.replace("video c2", "video d2")) for item in ROTATING.training.items]
    split = replace(ROTATING, training=DataSet(tuple(items), ROTATING.training.classes))
    released = rotating_run(tmp_path / "released", None, ("c", "d"), ROTATE, split.training.groups)
    judge = rotating_run(tmp_path / "judge", 1, ("d",), ("c",), WITHOUT_1_OR_C)
    assert folds_of([judge], released, split) == {1: judge}


def test_of_a_judge_that_began_with_weights_that_knew_a_left_out_class_it_is_said(
    rotating: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also if it learnt the class from other videos, and two runs back."""
    caplog.set_level(logging.INFO, "training")
    first = rotating_run(tmp_path / "first", 1, ("c", "d"), (), ["another video"])
    second = rotating_run(tmp_path / "second", 1, ("d",), ("c",), WITHOUT_1_OR_C, init=str(first))
    judge = rotating_run(tmp_path / "judge", 1, ("d",), ("c",), WITHOUT_1_OR_C, init=str(second))
    assert folds_of([judge], rotating, ROTATING) == {1: judge}
    assert f"{second} has learnt 1 of 1 auxiliary classes that {judge} left out" in caplog.text
    assert not is_of_new_class(scorer_of(judge, Named("judge")), AUXILIARY[0])
    alone = rotating_run(tmp_path / "alone", 1, ("d",), ("c",), WITHOUT_1_OR_C)
    assert is_of_new_class(scorer_of(alone, Named("alone")), AUXILIARY[0])


def test_what_was_learnt_from_is_never_forgotten(tmp_path: Path) -> None:
    """A run that is resumed with other files has learnt from both."""
    record_sources(tmp_path, CONFIG, ["b", "a"])
    record_sources(tmp_path, CONFIG, ["c", "a"])
    assert sources_of_run(tmp_path).own == {"a", "b", "c"}


def test_a_run_that_begins_again_with_other_weights_has_learnt_from_both(tmp_path: Path) -> None:
    for name, video in (("first", "a"), ("second", "b")):
        checkpoint.open_run(tmp_path / name, CONFIG, resume=False)
        record_sources(tmp_path / name, CONFIG, [video])
        record_sources(tmp_path, replace(CONFIG, init=str(tmp_path / name)), ["c"])
    for gone in ("first", "second"):  # what is known of them does not depend on them
        (tmp_path / gone / "sources.json").unlink()
    record_sources(tmp_path, replace(CONFIG, init=str(tmp_path / "second")), ["c"])
    assert {hash_of(video) for video in "abc"} <= sources_of_run(tmp_path).known()


def test_an_item_is_known_also_if_its_source_video_has_another_name_by_now(tmp_path: Path) -> None:
    learnt = Item(Path("a/Punch/first.mp4"), "Punch", "fight 1")
    record_sources(tmp_path, CONFIG, ["fight 1", "v_Punch_g08"], [learnt])
    known = sources_of_run(tmp_path).known()
    for item in (
        Item(Path("elsewhere/Punch/first.avi"), "Punch", "another name"),
        Item(Path("Punch/v_Punch_g08_c03.avi"), "Punch", "another name"),
        Item(Path("Punch/new.avi"), "Punch", "fight 1"),
    ):
        assert is_learnt(item, known), item
        with pytest.raises(TrainingError, match="would be measured on"):
            check_no_leakage(tmp_path, [item])
    for item in (
        Item(Path("Punch/v_Punch_g09_c03.avi"), "Punch", "another name"),
        Item(Path("Bowling/first.mp4"), "Bowling", "another name"),
    ):
        assert not is_learnt(item, known), item


def test_clips_and_stills_of_one_source_video_are_known_to_be_one_whatever_tables_call_it(tmp_path: Path) -> None:
    """Also if they are of groups that share a video."""
    clip = Item(Path("ucf101/YoYo/v_YoYo_g10_c01.mp4"), "ucf101:YoYo", "YoYo_g10")
    record_sources(tmp_path, CONFIG, [clip.group], [clip])
    known = sources_of_run(tmp_path).known()
    for stem in ("v_YoYo_g10_c04", "v_YoYo_g09_c01"):
        assert is_learnt(Item(Path(f"YoYo/{stem}.jpg"), "YoYo", f"tape of {stem}"), known), stem
    assert not is_learnt(Item(Path("YoYo/v_YoYo_g11_c01.jpg"), "YoYo", "v_YoYo_g11"), known)


def test_a_run_that_does_not_tell_what_it_learnt_from_cannot_be_measured(tmp_path: Path) -> None:
    for damaged in (False, True):
        if damaged:
            (tmp_path / "sources.json").write_text("[")
        with pytest.raises(TrainingError, match=r"does not tell what it has learnt from .* train it again"):
            check_no_leakage(tmp_path, ITEMS)
