"""The given folders of training videos that were lost, or became classes of their own."""

import tarfile
from pathlib import Path

import pytest

from training.config.data import DataConfig
from training.data.loading import OpenDataset, open_dataset
from training.errors import TrainingError

CLASSES = ("dog run", "third", "\u041a\u043e\u0448\u043a\u0430 \u20ac")  # a space, and letters that are not ASCII


def unpacked(real_clips: Path, name: str, target: Path) -> Path:
    archive = real_clips / f"faults/train_{name}.tar.gz"
    if not archive.exists():
        pytest.skip(f"{archive} is not there")
    with tarfile.open(archive) as file:
        file.extractall(target, filter="data")
    return target / name


def opened(root: Path) -> OpenDataset:
    return open_dataset(DataConfig(data=str(root), layout="folders"))


def test_videos_in_folders_below_their_classes_are_used(real_clips: Path, tmp_path: Path) -> None:
    data = opened(unpacked(real_clips, "nested", tmp_path)).part()
    assert data.classes == CLASSES
    assert len(data) == 18


def test_videos_are_used_whatever_their_suffixes(real_clips: Path, tmp_path: Path) -> None:
    data = opened(unpacked(real_clips, "exts", tmp_path)).part()
    suffixes = {item.path.suffix for item in data.items}
    assert suffixes >= {".3gp", ".mts", ".m2ts", ".vob", ".asf", ".f4v", ".mp4v", ".divx"}
    assert len(data) == 29


def test_hidden_folders_are_passed_over_and_told(real_clips: Path, tmp_path: Path) -> None:
    dataset = opened(unpacked(real_clips, "hidden", tmp_path))
    assert dataset.part().classes == CLASSES
    assert dataset.survey().describe() == [
        "found: 18 clips of 18 source videos, 3 classes: dog run 6, third 6, \u041a\u043e\u0448\u043a\u0430 \u20ac 6",
        "passed over: hidden files (3), such as .DS_Store",
        "passed over: files of other kinds (.db, .txt) (2), such as readme.txt",
        "passed over: folders of archivers or viewers (1), such as __MACOSX",
        "passed over: hidden folders (1), such as .ipynb_checkpoints",
    ]


def test_copies_in_two_classes_are_refused_and_else_one_source_video(real_clips: Path, tmp_path: Path) -> None:
    root = unpacked(real_clips, "dup", tmp_path)
    with pytest.raises(TrainingError, match=r"same as third.mp4 and .*copy 0.mp4 are the same file in two classes"):
        opened(root).split(0)
    (root / "dog run/same as third.mp4").unlink()
    split = opened(root).split(0)
    assert len(split.training) + len(split.validation) == 24
    copied = {item.group for item in (*split.training.items, *split.validation.items) if "copy" in item.path.name}
    assert len(copied) == 1


def test_a_folder_named_validation_is_the_val_part(real_clips: Path, tmp_path: Path) -> None:
    """As given, the very files of train lie in validation as well."""
    root = unpacked(real_clips, "split_validation", tmp_path)
    with pytest.raises(TrainingError, match=r"train/a/.* and .*validation/a/.* are of one source video"):
        opened(root).split(0)
    for path in (root / "validation").rglob("*.mp4"):
        path.write_bytes(path.read_bytes() + b"other")
    split = opened(root).split(0)
    assert (len(split.training), len(split.validation)) == (6, 6)
    assert {item.path.parts[-3] for item in split.validation.items} == {"validation"}
