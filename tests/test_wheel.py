"""A wheel, installed where its user has packages `app` and `training` of their own."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.service import free_port, start, wait_until_ready
from tests.shipped import DEFAULT
from tests.videos import make_video

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")
PARTS = ("app", "training", "videoxception", "model_store")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built in a copy: setuptools leaves its work behind, and takes it up again."""
    source = tmp_path_factory.mktemp("source")
    for name in PARTS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    subprocess.run([UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--offline", source], check=True)
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`videoxception` in an environment that has the wheel, and what it needs from the one of these tests.

    The folder of the latter is searched, but its .pth files, one of which names this checkout, are not read.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    (site_packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    python = folder / "bin/python"
    subprocess.run([UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel], check=True)
    return folder / "bin/videoxception"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, which they have on PYTHONPATH too."""
    for name in ("app", "training"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the package of somebody else')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_one_package_is_installed(wheel: Path) -> None:
    names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"videoxception"}


def test_it_answers(command: Path, folder: Path) -> None:
    clip = make_video(folder / "clip.mp4", "libx264", 20)
    arguments = [command, "predict", clip, "--json", "--device", "cpu"]
    said = json.loads(subprocess.run(arguments, cwd=folder, capture_output=True, check=True).stdout)
    assert said["model"]["sha256"] == DEFAULT.sha256
    assert said["label"] in said["probabilities"]


def test_it_serves(command: Path, folder: Path) -> None:
    clip = make_video(folder / "clip.mp4", "libx264", 20)
    port = free_port()
    environment = os.environ | {"VX_PORT": str(port), "VX_DEVICE": "cpu"}
    with start([str(command), "serve"], environment, folder) as service:
        address = wait_until_ready(service, f"http://127.0.0.1:{port}")
        assert httpx.get(f"{address}/livez").status_code == 200
        assert httpx.get(f"{address}/page/main.js").status_code == 200
        answer = httpx.post(f"{address}/predict", content=clip.read_bytes(), timeout=60)
    assert answer.status_code == 200
    assert answer.json()["model"]["sha256"] == DEFAULT.sha256


def test_it_trains(command: Path, folder: Path) -> None:
    arguments = [command, "train", "--help"]
    said = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert "--recipe NAME" in said
