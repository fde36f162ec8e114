"""Where the service, the trainer and the shipped models lie: beside this package in a checkout, inside it installed.

A wheel has them in videoxception/_bundled (see setup.py). They are started as processes, not imported.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_PACKAGE = Path(__file__).parent
_INSTALLED = _PACKAGE / "_bundled"

ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
MODEL_STORE = ROOT / "model_store"


def start(module: str, arguments: Sequence[str] = ()) -> NoReturn:
    """Replace this process by `python -m module`, also if the working folder or PYTHONPATH has a module of that name.

    The search path is set in the environment, so that its child processes find the same modules.
    """
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONSAFEPATH": "1"}
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], os.environ | environment)
