import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.training.conftest import CLASSES
from training.config.data import DataConfig
from training.data.loading import open_dataset
from training.data.survey import count_items


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(os.fsencode(name))


def describe(root: Path, **options: object) -> list[str]:
    return open_dataset(DataConfig(**{"data": str(root), "layout": "folders", **options})).survey().describe()


def test_what_is_found_and_what_is_passed_over_and_why(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}/{i}.mp4" for name in ("jump", "run") for i in range(3)), "run/far/below/3.MTS")
    touch(tmp_path, ".ipynb_checkpoints/1.mp4", "jump/.cache/a/b.mp4", "run/.DS_Store", "__MACOSX/jump/._1.mp4")
    touch(tmp_path, "notes.txt", "run/a.json", "run/b.json", "left.mp4", "skip/1.mp4")
    (tmp_path / "walk").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "run")
    assert describe(tmp_path, classes=("jump", "run")) == [
        "found: 7 clips of 7 source videos, 2 classes: jump 3, run 4",
        "passed over: files of other kinds (.json, .txt) (3), such as notes.txt",
        "passed over: files that no class, part or list of this run has (2), such as left.mp4",
        "passed over: hidden folders (2), such as .ipynb_checkpoints",
        "passed over: empty folders (1), such as walk",
        "passed over: folders of archivers or viewers (1), such as __MACOSX",
        "passed over: hidden files (1), such as run/.DS_Store",
        "passed over: links to folders (1), such as elsewhere",
    ]


def test_parts_are_counted(tmp_path: Path) -> None:
    sizes = {"Train": 3, "valid": 2}
    touch(tmp_path, *(f"{part}/{name}/{part}{i}.mp4" for part, n in sizes.items() for name in "ab" for i in range(n)))
    assert describe(tmp_path) == ["found: 10 clips of 10 source videos, 2 classes: a 5, b 5; train 6, val 4"]


@pytest.mark.parametrize("apart", [False, True])
def test_auxiliary_classes_are_counted_for_themselves(apart: bool, tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}/v_{name}_g01_c0{i}.jpg" for name in ("jump", "run") for i in range(3)), "run/1.mp4")
    others = tmp_path / "others" if apart else tmp_path
    touch(others, *(f"rest{k}/v_rest{k}_g0{i}_c01.jpg" for k in range(13) for i in range(k + 1)))
    where = {"auxiliary_data": str(others)} if apart else {}
    found = describe(tmp_path, layout="stills", classes=("jump", "run"), auxiliary=("all",), **where)
    assert found == [
        "found: 6 stills of 2 source videos, 2 classes: jump 3, run 3",
        "found: 91 stills of 91 source videos, 13 auxiliary classes from 1 (rest0) to 13 (rest12)",
        "passed over: files of other kinds (.mp4) (1), such as run/1.mp4",
    ]


def test_a_table_that_is_read_is_not_passed_over(stills_root: Path) -> None:
    assert len(describe(stills_root, layout="stills", classes=CLASSES, groups="FOLDS.tsv:video")) == 1
    assert "FOLDS.tsv" in describe(stills_root, layout="stills", classes=CLASSES)[1]


def test_a_run_keeps_it_as_json(tmp_path: Path) -> None:
    touch(tmp_path, "jump/h\udcffi.mp4", "run/1.mp4", "run/\udcfe.txt")
    survey = open_dataset(DataConfig(data=str(tmp_path), layout="folders")).survey()
    kept = json.loads(json.dumps(asdict(survey)))
    assert kept["found"][0]["per_class"] == {"jump": 1, "run": 1}
    assert kept["passed_over"] == [{"what": "files of other kinds (.txt)", "count": 1, "example": "run/\udcfe.txt"}]


def test_a_class_of_which_nothing_is_there_is_counted_too() -> None:
    assert count_items("classes", ["jump"], []).per_class == {"jump": 0}
