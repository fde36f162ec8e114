"""The service as a process of its own, for tests that kill it or watch it."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.shipped import NAME
from tests.waiting import until

ROOT = Path(__file__).parents[1]


@contextmanager
def process(**settings: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A service's process that is ready, and its address. It answers with the small model, unless told otherwise."""
    port = free_port()
    environment = os.environ | {"VX_PORT": str(port), "VX_DEVICE": "cpu", "VX_MODEL": NAME} | settings
    with start([sys.executable, "-m", "app"], environment) as service:
        yield service, wait_until_ready(service, f"http://127.0.0.1:{port}")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def start(command: list[str], environment: dict[str, str], folder: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is killed in the end. What it prints is thrown away: a pipe that nobody reads would block it."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet) as service:
        try:
            yield service
        finally:
            service.kill()


def wait_until_ready(service: subprocess.Popen[bytes], address: str) -> str:
    """Return the address as soon as the service there is ready."""
    with httpx.Client(base_url=address) as client:
        until(lambda: is_ready(service, client))
    return address


def is_ready(service: subprocess.Popen[bytes], client: httpx.Client) -> bool:
    assert service.poll() is None, f"the service ended with {service.returncode}"
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def in_flight(address: str) -> int:
    """Return how many requests with a video the service has begun with."""
    (said,) = re.findall(r"^videoxception_requests_in_flight (\d+)", httpx.get(f"{address}/metrics").text, re.MULTILINE)
    return int(said)
