from pathlib import Path

import pytest

from training.config.data import DataConfig
from training.data.dataset import Item
from training.data.duplicates import join_equal
from training.data.loading import open_dataset
from training.errors import TrainingError


def items(root: Path, *rows: tuple[str, str, str]) -> list[Item]:
    """Items of files: class/name, source video, content."""
    made = []
    for name, group, content in rows:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        made.append(Item(path, path.parent.name, group))
    return made


def test_copies_and_all_that_goes_with_them_are_one_source_video(tmp_path: Path) -> None:
    """2 is a copy of 1, and 5 of 3, whose source video has 4 too; 6 is as long as 1, but another file."""
    given = items(
        tmp_path,
        ("jump/1", "a", "one"),
        ("jump/2", "b", "one"),
        ("jump/3", "b", "three"),
        ("jump/4", "c", "four"),
        ("jump/5", "c", "three"),
        ("jump/6", "d", "six"),
    )
    joined, copies = join_equal(given)
    assert copies == 2
    assert len({item.group for item in joined[:5]}) == 1
    assert joined[5].group == "d"
    assert [item.path for item in joined] == [item.path for item in given]


def test_empty_and_missing_files_are_no_copies(tmp_path: Path) -> None:
    given = items(tmp_path, ("jump/1", "a", ""), ("jump/2", "b", ""))
    given.append(Item(tmp_path / "jump/nowhere", "jump", "c"))
    assert join_equal(given) == (tuple(given), 0)


def test_the_same_file_in_two_classes_is_refused_by_both_names(tmp_path: Path) -> None:
    items(tmp_path, ("jump/1.mp4", "a", "one"), ("run/2.mp4", "b", "one"), ("run/3.mp4", "c", "two"))
    config = DataConfig(data=str(tmp_path), layout="folders")
    with pytest.raises(TrainingError, match=r"jump/1.mp4 and .*run/2.mp4 are the same file in two classes"):
        open_dataset(config).split(0)


def test_copies_never_stand_on_both_sides(tmp_path: Path) -> None:
    rows = [
        (f"{label}/{i}{copy}.mp4", "", f"{label}{i}") for label in ("jump", "run") for i in range(4) for copy in "ab"
    ]
    items(tmp_path, *rows)
    split = open_dataset(DataConfig(data=str(tmp_path), layout="folders", holdout=0.5)).split(0)
    sides = [{item.path.read_text() for item in side.items} for side in (split.training, split.validation)]
    assert [len(side) for side in sides] == [4, 4]
    assert not sides[0] & sides[1]
    assert "8 files are copies of others" in split.notes[-1]


def test_a_copy_in_two_parts_is_refused(tmp_path: Path) -> None:
    items(tmp_path, ("train/jump/1.mp4", "", "one"), ("val/jump/2.mp4", "", "one"), ("train/run/3.mp4", "", "two"))
    with pytest.raises(
        TrainingError, match=r"train/jump/1.mp4 and .*val/jump/2.mp4 are of one source video, but in the train"
    ):
        open_dataset(DataConfig(data=str(tmp_path), layout="folders")).split(0)
