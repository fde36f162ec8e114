"""Any architecture, trained as a whole on a folder of one's own, in folds of source videos, from weights by path."""

from pathlib import Path

import pytest
import torch

from tests.commands import command
from tests.training.conftest import draw
from training.train_whole import _kept
from videoxception.nets import create
from videoxception.store import ModelStore

SMALL = ["--architecture", "r2plus1d_18", "--architecture-args", "width=0.125", "--clip-frames", "2", "--clip-size"]
SMALL += ["32", "--stages", "1x2x32x4", "--cache-size", "40x48", "--cache-frames", "2", "--no-int8"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for number, (name, color) in enumerate({"jump": (220, 30, 30), "run": (30, 30, 220)}.items()):
        (tmp_path / "clips" / name).mkdir(parents=True)
        for k in range(4):
            draw(tmp_path / "clips" / name / f"{name}_g{k % 2:02}_c{k}.jpg", color, 10 * number + k)
    return tmp_path / "clips"


@pytest.mark.slow
def test_weights_by_path_are_fine_tuned_in_folds_and_released(folder: Path, tmp_path: Path) -> None:
    """About 60 s: three small runs, and a release."""
    first = ["--pretrained", "made.pth", "--name", "whole", "--minutes", "0.01"]
    torch.save(create("r2plus1d_18", 7, width=0.125).state_dict(), tmp_path / "made.pth")
    ended = command("training.run", str(folder), *SMALL, *first)
    assert ended.returncode == 0, ended.stderr
    assert "starting from" in ended.stdout
    assert "released whole@1" in ended.stdout
    manifest = ModelStore.from_path("").load("whole").manifest
    assert manifest.architecture.name == "r2plus1d_18"
    assert manifest.metrics is not None
    assert manifest.metrics.n == 8
    again = command("training.run", str(folder), *SMALL, *first)
    assert "was released as whole@1; nothing was done" in again.stdout + again.stderr


def test_epochs_are_counted_once(tmp_path: Path) -> None:
    assert _kept(tmp_path / "run/epochs.txt", lambda: 3) == 3
    assert _kept(tmp_path / "run/epochs.txt", lambda: 7) == 3


def test_parts_are_no_folds(folder: Path) -> None:
    root = folder.parent / "parted"
    root.mkdir()
    folder.rename(root / "train")
    for name in ("jump", "run"):
        (root / "test" / name).mkdir(parents=True)
        draw(root / "test" / name / f"{name}_new.jpg", (30, 220, 30), len(name))
    ended = command("training.run", str(root), *SMALL, "--name", "parted", "--group-pattern", "(.*)")
    assert ended.returncode == 1
    assert "has folders train, val or test" in ended.stderr
