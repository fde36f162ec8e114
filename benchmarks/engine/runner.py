"""A process that runs one of the methods."""

import json
import subprocess
from pathlib import Path
from typing import Any

from videoxception.store import Release


class Missing(Exception):
    """A method that is unavailable on this machine; the message says why."""


class Runner:
    """A method's process; a context manager."""

    def __init__(self, python: str, method: str, release: Release, folder: Path) -> None:
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.engine.methods", method, str(release), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def first(self) -> float:
        """Wait until the method is ready; return its largest golden-logit error. Raises `Missing`."""
        return self._answer()["off"]

    def run(self, batch: int) -> float:
        """Return the seconds that one batch takes. Raises `Missing`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{batch}\n")
        self._process.stdin.flush()
        return self._answer()["seconds"]

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process died"}
        if "error" in answer:
            raise Missing(answer["error"])
        return answer

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.kill()
        self._process.communicate()
