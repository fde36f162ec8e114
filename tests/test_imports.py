"""Imports point one way, between the packages and between the trainer's rooms; serving on a CPU needs no torch."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {"videoxception": {"app", "training"}, "app": {"training", "torch", "av"}, "training": {"app"}}
NEEDS_TORCH = tuple(f"videoxception/{path}" for path in ("nets/", "engine/torch", "engine/cuda", "engine/kernels/"))
# training/, from the top down: a room imports only itself and those after it. Commands and what has no room are files.
ROOMS = (
    "own",
    "reporting",
    "evaluation",
    "export",
    "trainer",
    "bank",
    "kernels",
    "model",
    "augment",
    "cache",
    "fetch",
    "data",
    "config",
)
COMMANDS = {
    "run",
    "cross_validate",
    "evaluate",
    "compare",
    "compare_models",
    "find_groups",
    "inspect_data",
    "publish",
    "recipes",
    "train_folder",
    "train_whole",
}
HEAVY = {"av", "openvino", "rich", "matplotlib"}  # what importing a room must not cost


def modules_imported(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it; of `from a import b`, a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    return {name.partition(".")[0] for name in modules_imported(path)}


def rooms_imported(path: Path) -> set[str]:
    """The rooms and files directly in `training/` that a file imports."""
    names = (name.split(".") for name in modules_imported(path))
    return {parts[1] for parts in names if parts[0] == "training" and len(parts) > 1}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_point_one_way(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not imported(path) & FORBIDDEN[package], path


def test_the_rooms_of_the_trainer_are_those_of_its_docstring() -> None:
    folders = {path.parent.name for path in (ROOT / "training").glob("*/__init__.py")}
    listed = re.findall(r"^    (\w+)  ", (ROOT / "training/__init__.py").read_text(), re.MULTILINE)
    assert folders == set(ROOMS)
    assert listed == list(ROOMS)


def test_a_room_imports_only_rooms_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    for number, room in enumerate(ROOMS):
        forbidden = COMMANDS | set(ROOMS[:number])
        for path in (ROOT / "training" / room).rglob("*.py"):
            assert not rooms_imported(path) & forbidden, path
    with capsys.disabled():
        print(f"\nrooms of the trainer, in the order enforced: {' > '.join(ROOMS)}")


def test_importing_a_room_alone_loads_nothing_heavy() -> None:
    rooms = sorted(".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "training").rglob("__init__.py"))
    script = f"import sys, {', '.join(rooms)}; assert not {HEAVY} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)


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
