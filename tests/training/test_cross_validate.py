"""One command from stills in folds to a release with figures by cross-validation."""

from pathlib import Path

import pytest

from tests.commands import Ended, command
from tests.training.conftest import CLASSES
from videoxception.store import ModelStore


def cross_validate(folder: Path, stills: Path, *more: str) -> Ended:
    data = ["--layout", "stills", "--data", str(stills), "--classes", ",".join(CLASSES), "--groups", "FOLDS.tsv:video"]
    small = ["--architecture", "videoxception-a", "--name", "toy", "--stages", "2x1x24x8", "--cache", str(folder / "c")]
    places = ["--run", str(folder / "runs"), "--store", str(folder / "store"), "--folds", "0,1", "--no-int8"]
    return command("training.cross_validate", *places, *data, *small, *more)


def test_each_item_is_scored_by_the_run_without_its_fold(few_stills_root: Path, tmp_path: Path) -> None:
    ended = cross_validate(tmp_path, few_stills_root, "--note", "Drawn for a test.")
    assert ended.returncode == 0, ended.stderr
    assert "released toy@1" in ended.stdout
    manifest = ModelStore(built_in=tmp_path / "store").load("toy").manifest
    assert manifest.folds == [0, 1]
    assert manifest.provenance.trained_on.endswith("Drawn for a test.")
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"0", "1", "all"}
    again = cross_validate(tmp_path, few_stills_root)
    assert "released toy@2" in again.stdout
    assert "epoch" not in again.stdout  # nothing was trained again


def test_the_fold_stands_for_a_name_in_options(few_stills_root: Path, tmp_path: Path) -> None:
    assert cross_validate(tmp_path / "first", few_stills_root).returncode == 0
    ended = cross_validate(tmp_path, few_stills_root, "--init", f"{tmp_path}/first/runs/{{fold}}")
    assert ended.returncode == 0, ended.stderr
    assert f"the weights of {tmp_path}/first/runs/all" in ended.stdout


@pytest.mark.parametrize("option", [["--fold", "1"], ["--holdout=0.2"], ["--resume"]])
def test_what_is_held_out_is_not_asked_for(option: list[str], few_stills_root: Path, tmp_path: Path) -> None:
    ended = cross_validate(tmp_path, few_stills_root, *option)
    assert ended.returncode == 1
    assert f"{option[0].partition('=')[0]} is set for each run by itself; leave it out" in ended.stderr


def test_it_may_train_without_a_release(few_stills_root: Path, tmp_path: Path) -> None:
    ended = cross_validate(tmp_path, few_stills_root, "--no-publish")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "runs" / "all" / "checkpoint.pt").exists()
    assert not (tmp_path / "store").exists()
