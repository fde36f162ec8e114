import os
import subprocess
import sys
from pathlib import Path

from videoxception import bundled

ROOT = Path(__file__).parents[2]


def test_in_a_checkout_the_folders_lie_beside_the_package() -> None:
    assert bundled.ROOT == ROOT
    assert bundled.MODEL_STORE == ROOT / "model_store"


def test_what_is_started_is_ours_whatever_lies_in_the_working_folder_or_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").write_text("raise SystemExit('somebody else')")
    script = "from videoxception import bundled; bundled.start('app.settings', ['ignored'])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    started = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (started.returncode, started.stderr) == (0, "")
    assert started.stdout.startswith("VX_HOST=")


def test_without_a_path_the_working_folder_is_not_searched(tmp_path: Path) -> None:
    """An empty part of PYTHONPATH would mean the working folder."""
    (tmp_path / "somebody.py").write_text("")
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from videoxception import bundled; bundled.start('somebody')"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    started = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert started.returncode == 1
    assert "No module named somebody" in started.stderr
