"""Where the service, the trainer and the shipped models lie: beside this package in a checkout, inside it installed.

A wheel has them in videoxception/_bundled (see setup.py). They are started as processes, not imported.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "_bundled"

ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
MODEL_STORE = ROOT / "model_store"


def start(module: str, arguments: Sequence[str] = ()) -> NoReturn:
    """Replace this process by `python -m module`, also if the working folder or PYTHONPATH has one of that name."""
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], _environment())


def run(module: str) -> subprocess.CompletedProcess[str]:
    """Return what such a process says."""
    command = [sys.executable, "-m", module]
    return subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)


def output_of(module: str, arguments: Sequence[str]) -> tuple[int, str]:
    """Return the exit status of such a process, and what it prints; its errors and progress are shown as they come."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=_environment(), stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def _environment() -> dict[str, str]:
    """Return the environment with the search path set, so that child processes find the same modules."""
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONSAFEPATH": "1"}
