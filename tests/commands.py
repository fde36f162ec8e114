"""The commands of the trainer, run in this process: what each prints, and how it ends."""

import importlib
import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, as `subprocess.run` would tell it."""

    returncode: int
    stdout: str
    stderr: str


def command(module: str, *arguments: str) -> Ended:
    """Run `python -m MODULE ARGUMENTS...` without starting a process."""
    package = (Path(module.replace(".", "/")) / "__main__.py").exists()
    main = importlib.import_module(f"{module}.__main__" if package else module).main
    stdout, stderr = io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        code = _exit_code(main, arguments)
    return Ended(code, stdout.getvalue(), stderr.getvalue())


def _exit_code(main: object, arguments: tuple[str, ...]) -> int:
    assert callable(main)
    try:
        main(arguments)
    except SystemExit as end:
        if isinstance(end.code, int):
            return end.code
        if end.code is not None:
            print(end.code, file=sys.stderr)
        return int(end.code is not None)
    return 0
