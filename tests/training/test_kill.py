"""A run that is killed in the cache's build and again in the middle of an epoch ends as one that was never killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.commands import command
from training.cache.shards import shard_path
from training.data.synthetic_videos import make_videos

ROOT = Path(__file__).parents[2]
EPOCHS = 4
OPTIONS = f"--recipe smoke --no-publish --stages 2x1x24x8,{EPOCHS - 2}x3x24x8 --cache-size 48x48 --device cpu"


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_videos(folder)
    return folder


@pytest.fixture
def _one_thread() -> Iterator[None]:
    """As the processes that are killed have: sums of several threads are rounded otherwise."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def options(videos: Path, folder: Path) -> list[str]:
    """Of a run that is resumed if there is something to resume."""
    places = ["--data", str(videos), "--cache", str(folder / "cache"), "--run", str(folder / "run"), "--resume"]
    return [*OPTIONS.split(), *places]


def start(videos: Path, folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "training.run", *options(videos, folder)]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)


def kill_when(process: "subprocess.Popen[bytes]", happened: Callable[[], bool]) -> None:
    while not happened():
        assert process.poll() is None, "it ended too early"
        time.sleep(0.001)
    process.kill()
    process.wait()


def weights(folder: Path) -> dict[str, torch.Tensor]:
    saved = torch.load(folder / "run/checkpoint.pt", weights_only=True)
    assert saved["epoch"] == EPOCHS
    return {f"{kind}.{name}": tensor for kind in ("net", "average") for name, tensor in saved[kind].items()}


@pytest.mark.usefixtures("_one_thread")
def test_killed_twice_and_the_same_weights(videos: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert command("training.run", *options(videos, whole)).returncode == 0
    shard, checkpoint = shard_path(killed / "cache", 0), killed / "run/checkpoint.pt"
    kill_when(start(videos, killed), lambda: shard.exists() and shard.stat().st_size > 2**20)
    assert not checkpoint.exists()
    again = start(videos, killed)
    kill_when(again, checkpoint.exists)  # the first epoch is saved: the second one has begun
    resumed = command("training.run", *options(videos, killed))
    assert resumed.returncode == 0
    assert "resuming after epoch" in resumed.stdout
    expected, found = weights(whole), weights(killed)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
