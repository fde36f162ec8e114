"""From stills to a released model by a bank: a head on frozen features, then late stages taught by that head."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.commands import Ended, command
from tests.training.conftest import CLASSES
from training import recipes
from training.config.data import DataConfig
from training.evaluation.leakage import record_sources
from training.model import checkpoint
from training.model.build import build_network
from training.model.final_weights import averaged_network
from training.model.train_state import new_train_state
from videoxception.store import ModelStore


@pytest.fixture(scope="module")
def options(stills_root: Path, auxiliary_root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("bank")
    data = ["--layout", "stills", "--data", str(stills_root), "--classes", ",".join(CLASSES)]
    data += ["--auxiliary-data", str(auxiliary_root), "--auxiliary", "all", "--groups", "FOLDS.tsv:video"]
    places = ["--cache", str(folder / "cache"), "--cache-size", "48x64", "--banks", str(folder / "banks")]
    small = ["--pretrained", "none", "--views", "2", "--auxiliary-views", "1", "--fold", "1", "--name", "toy"]
    return [*data, *places, *small]


def train(options: list[str], run: Path, *more: str) -> Ended:
    ended = command("training.run", *options, "--run", str(run), "--store", str(run.parent / "store"), *more)
    assert ended.returncode == 0, ended.stderr
    return ended


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that stands for ImageNet weights: its own are drawn."""
    folder = tmp_path_factory.mktemp("first")
    config = replace(recipes.linear(), pretrained="none", data=DataConfig(classes=("a", "b")))
    state = new_train_state(build_network(config), config.optimizer)
    state.epoch = config.epochs
    checkpoint.open_run(folder, config, resume=False)
    checkpoint.save(folder, state)
    record_sources(folder, config, [])
    return folder


@pytest.fixture(scope="module")
def head(options: list[str], first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the recipe `linear`, made small."""
    run = tmp_path_factory.mktemp("runs") / "head"
    small = ["--recipe", "linear", "--stages", "4x1x32x16", "--init", str(first), "--no-publish"]
    ended = train(options, run, *small)
    assert "computing" in ended.stdout
    return run


@pytest.mark.usefixtures("head")
def test_a_bank_is_computed_once(first: Path, options: list[str], tmp_path: Path) -> None:
    small = ["--recipe", "linear", "--stages", "1x1x32x16", "--init", str(first), "--no-publish"]
    again = train(options, tmp_path / "again", *small)
    assert "computing" not in again.stdout


def test_late_stages_learn_from_a_head_and_are_released(head: Path, options: list[str], tmp_path: Path) -> None:
    more = ["--recipe", "finetune", "--stages", "1x1x32x16", "--init", str(head), "--teacher", str(head), "--no-int8"]
    more += ["--init-share", "0.5"]
    without_pretrained = [option for option in options if option not in ("--pretrained", "none")]
    assert "released toy@1" in train(without_pretrained, tmp_path / "fine", *more).stdout
    manifest = ModelStore(built_in=tmp_path / "store").load("toy").manifest
    assert manifest.metrics is not None
    assert manifest.metrics.known is not None
    assert manifest.provenance.recipe["init_share"] == 0.5


def test_a_network_from_nothing_learns_from_a_head_on_the_same_views(
    head: Path, options: list[str], tmp_path: Path
) -> None:
    small = ["--architecture", "videoxception-a", "--stages", "1x1x24x16,1x1x32x16", "--no-publish"]
    ended = train(options, tmp_path / "student", *small, "--teacher", str(head), "--teacher-features", "1")
    assert "epoch   2/2" in ended.stdout
    assert averaged_network(tmp_path / "student", checkpoint.read_config(tmp_path / "student")).eval()


def test_stages_are_not_frozen_as_they_are_initialised(options: list[str], tmp_path: Path) -> None:
    ended = command("training.run", *options, "--run", str(tmp_path / "run"), "--recipe", "linear")
    assert ended.returncode == 1
    assert "would stay randomly initialised; name weights that have them" in ended.stderr


def test_nor_is_a_network_of_frames_that_is_never_trained(options: list[str], tmp_path: Path) -> None:
    places = [option for option in options if option not in ("--pretrained", "none")]
    own = ["--architecture", "resnet50_transformer", "--clip-size", "32", "--stages", "1x10x32x4"]
    ended = command("training.run", *places, "--run", str(tmp_path / "run"), "--cache", str(tmp_path / "cache"), *own)
    assert ended.returncode == 1
    assert (
        "would stay randomly initialised; name weights that have it, by --pretrained (imagenet, or a file)"
        in ended.stderr
    )


def test_a_share_of_the_way_back_needs_first_weights(options: list[str], tmp_path: Path) -> None:
    ended = command(
        "training.run", *options, "--run", str(tmp_path / "run"), "--recipe", "finetune", "--init-share", "0.5"
    )
    assert ended.returncode == 1
    assert "--init-share means nothing without --init" in ended.stderr
