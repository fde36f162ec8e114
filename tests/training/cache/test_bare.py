"""On a machine for training alone: what decodes, serves, draws or publishes cannot be imported there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.cache.conftest import CLASSES
from training.cache.__main__ import main as cache
from training.model.checkpoint import read_config

ROOT = Path(__file__).parent.parent.parent.parent
BARE = """
import runpy, sys
for name in ("av", "fastapi", "rich", "matplotlib", "openvino"):
    sys.modules[name] = None
sys.argv[0] = "training.run"
runpy.run_module("training.run", run_name="__main__")
"""


def run_bare(*options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", BARE, *options, "--stages", "1x3x16x4", "--no-publish"]
    # One thread: on a busy machine, threads that wait for each other make tiny networks ten times slower.
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False, env={"OMP_NUM_THREADS": "1"}
    )


@pytest.fixture
def data(videos_root: Path) -> list[str]:
    return ["--layout", "ucf101", "--data", str(videos_root), "--classes", ",".join(CLASSES)]


def test_a_run_with_a_built_cache_decodes_nothing(data: list[str], tmp_path: Path, videos: list[Path]) -> None:
    cached = [*data, "--cache", str(tmp_path / "cache")]
    videos[0].write_text("no video")
    cache(["build", *cached, "--cache-size", "36x48", "--skip-bad"])
    trained = run_bare(*cached, "--skip-bad", "--run", str(tmp_path / "run"))
    assert trained.returncode == 0, trained.stderr
    assert "held-out top-1" in trained.stdout
    assert f"skipped {videos[0]}" in trained.stdout
    assert read_config(tmp_path / "run").cache.cache_size == "36x48"


def test_a_pack_needs_no_data_set(data: list[str], videos_root: Path, tmp_path: Path) -> None:
    cache(["pack", str(tmp_path / "pack"), *data, "--cache", str(tmp_path / "cache"), "--cache-size", "36x48"])
    shutil.rmtree(videos_root)
    shutil.rmtree(tmp_path / "cache")
    trained = run_bare("--cache", str(tmp_path / "pack"), "--run", str(tmp_path / "run"))
    assert trained.returncode == 0, trained.stderr
    assert "held-out top-1" in trained.stdout
    assert "not the exact ones" in trained.stdout
    assert read_config(tmp_path / "run").data.data == str(videos_root)


def test_what_is_not_in_the_cache_needs_a_decoder(data: list[str], tmp_path: Path) -> None:
    trained = run_bare(*data, "--cache", str(tmp_path / "cache"), "--run", str(tmp_path / "run"))
    assert trained.returncode == 1
    assert "error: 12 files are not in the cache" in trained.stderr
    assert "Traceback" not in trained.stderr
