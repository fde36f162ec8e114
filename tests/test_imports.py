"""Imports point one way, and serving on a CPU needs no torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {"videoxception": {"app", "training"}, "app": {"training", "torch", "av"}, "training": {"app"}}
NEEDS_TORCH = tuple(f"videoxception/{path}" for path in ("nets/", "engine/torch", "engine/cuda", "engine/kernels/"))


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_point_one_way(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not imported(path) & FORBIDDEN[package], path


def test_only_the_nets_and_the_engines_of_gpus_need_torch() -> None:
    for path in (ROOT / "videoxception").rglob("*.py"):
        if not path.relative_to(ROOT).as_posix().startswith(NEEDS_TORCH):
            assert not imported(path) & {"torch", "triton"}, path


def test_only_the_video_package_imports_av() -> None:
    for package in FORBIDDEN:
        for path in (ROOT / package).rglob("*.py"):
            if "videoxception/video/" not in path.as_posix():
                assert "av" not in imported(path), path


def test_answering_on_a_cpu_loads_no_torch(tmp_path: Path) -> None:
    script = f"""
import asyncio, sys
from app.factory import create_app
from app.settings import Settings
from videoxception.cli import main

async def start():
    app = create_app(Settings(device="cpu"))
    async with app.router.lifespan_context(app):
        assert app.state.service.models.trouble is None

asyncio.run(start())
try:
    main(["predict", {str(tmp_path / "missing.mp4")!r}, "--device", "cpu"])
except SystemExit as end:
    assert end.code == 1, end.code
assert "openvino" in sys.modules and "av" in sys.modules
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
