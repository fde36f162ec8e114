"""Starting, awaiting and stopping a contestant's process."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.service.client import Connection, Request
from benchmarks.service.contestants import Contestant
from benchmarks.service.usage import tree

_ROOT = Path(__file__).parents[2]
_START = 90.0  # seconds until the first answer
_LOOK = 0.01  # seconds between tries until then
_STOP = 10.0  # seconds to end when asked to


class NotRunning(Exception):
    """A contestant that did not start; the message has the end of its output."""


@dataclass(frozen=True, slots=True)
class Running:
    """A contestant that answers."""

    name: str
    pid: int
    port: int
    start: float  # seconds from the start of its process to its first answer


@contextmanager
def run(contestant: Contestant, first: Request) -> Iterator[Running]:
    """Start a contestant and wait for its first answer; it and its child processes end with the context.

    Raises `NotRunning`.
    """
    port = _free_port()
    with tempfile.TemporaryFile("w+") as log:
        begun = time.monotonic()
        process = subprocess.Popen(
            contestant.command(port),
            cwd=_ROOT,
            env=os.environ | contestant.environment(port),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            if not _answers(process, port, first):
                log.seek(0)
                raise NotRunning(f"{contestant.name} did not come up:\n{log.read()[-2000:]}")
            yield Running(contestant.name, process.pid, port, time.monotonic() - begun)
        finally:
            _stop(process)


def exit_on_sigterm() -> None:
    """Make SIGTERM end this process by an exception, so that contestants end with it; later signals are ignored."""

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would interrupt the cleanup
        sys.exit("stopped")

    signal.signal(signal.SIGTERM, end)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _answers(process: "subprocess.Popen[bytes]", port: int, first: Request) -> bool:
    end = time.monotonic() + _START
    with Connection(port) as connection:
        while time.monotonic() < end and process.poll() is None:
            with suppress(OSError):
                if connection.send(first).status == 200:
                    return True
            time.sleep(_LOOK)
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Terminate a process, wait up to ten seconds, then kill it and its descendants."""
    pids = tree(process.pid)
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
