"""One command from stills in folds to a release with figures by cross-validation."""

import argparse
from pathlib import Path

import pytest

from tests.commands import Ended, command
from tests.training.conftest import CLASSES
from training import run
from training.config.data import DataConfig
from training.config.schema import Config
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


def test_it_is_for_one_process(few_stills_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    ended = cross_validate(tmp_path, few_stills_root)
    assert ended.returncode == 1
    assert "training.cross_validate is for one process" in ended.stderr


def test_a_config_that_holds_out_a_fold_is_refused(few_stills_root: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(Config(data=DataConfig(fold=1)).to_json())
    ended = cross_validate(tmp_path, few_stills_root, "--config", str(tmp_path / "config.json"))
    assert ended.returncode == 1
    assert 'config.json holds out fold 1; write "fold": null there' in ended.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("held_out", [["--fold", "1"], ["--holdout", "0.3"]])
def test_a_pack_that_holds_something_out_is_refused(held_out: list[str], few_stills_root: Path, tmp_path: Path) -> None:
    data = ["--layout", "stills", "--data", str(few_stills_root), "--classes", ",".join(CLASSES)]
    data += ["--groups", "FOLDS.tsv:video", "--cache", str(tmp_path / "cache"), *held_out]
    assert command("training.cache", "pack", str(tmp_path / "pack"), *data).returncode == 0
    places = ["--run", str(tmp_path / "runs"), "--cache", str(tmp_path / "pack")]
    ended = command("training.cross_validate", *places)
    assert ended.returncode == 1
    assert "holds something out; pack again with --holdout 0" in ended.stderr
    assert not (tmp_path / "runs").exists()


def test_what_was_stopped_goes_on_with_the_same_command(
    few_stills_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(options: argparse.Namespace) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "train_and_release", stopped)
    ended = cross_validate(tmp_path, few_stills_root)
    assert ended.returncode == 1
    assert "stopped; the same command goes on" in ended.stderr
    assert "--resume" not in ended.stderr


def test_it_may_train_without_a_release(few_stills_root: Path, tmp_path: Path) -> None:
    ended = cross_validate(tmp_path, few_stills_root, "--no-publish")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "runs" / "all" / "checkpoint.pt").exists()
    assert not (tmp_path / "store").exists()
