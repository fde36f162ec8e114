"""Where the service, the trainer and the shipped models lie: beside this package in a checkout, inside it installed.

A wheel has them in videoxception/_bundled (see setup.py). They are not imported from there, but started.
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
    """Become the process `python -m module`, whatever lies in the working folder or on PYTHONPATH by the same name.

    What the process starts in turn finds the same modules, since all of it stands in the environment.
    """
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, path)), "PYTHONSAFEPATH": "1"}
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], os.environ | environment)
