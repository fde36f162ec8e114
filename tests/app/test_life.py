"""Starting and stopping the service as a process."""

import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service import in_flight, process, start, wait_until_ready
from tests.shipped import DEFAULT
from tests.videoxception.test_store import corrupt_weights, edit, install
from tests.waiting import LONG, until
from videoxception.store import Release, sha256_of


def listens(address: str) -> bool:
    """Whether the service still takes connections."""
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as connection:
        return connection.connect_ex((host, int(port))) == 0


def metrics(address: str) -> str:
    return httpx.get(f"{address}/metrics").text


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_after_what_is_in_flight(which: signal.Signals, video: Path, tmp_path: Path) -> None:
    with process(VX_TEMP_DIR=str(tmp_path)) as (service, address):
        told, answers = threading.Event(), []

        def slowly() -> Iterator[bytes]:
            content = video.read_bytes()
            yield content[:100]
            assert told.wait(LONG)
            yield content[100:]

        posting = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{address}/predict", content=slowly(), timeout=LONG).status_code)
        )
        posting.start()
        until(lambda: in_flight(address) == 1)
        children = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
        service.send_signal(which)
        until(lambda: not listens(address))
        told.set()
        posting.join()
        assert service.wait(timeout=LONG) == 0
        assert answers == [200]
        assert list(tmp_path.iterdir()) == []
        assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def test_for_a_while_it_goes_on_without_being_ready(video: Path) -> None:
    """Until a second signal cuts that short."""
    with process(VX_DRAIN="600") as (service, address):
        service.send_signal(signal.SIGTERM)
        until(lambda: httpx.get(f"{address}/readyz").status_code == 503)
        counted = re.findall(
            r'^videoxception_requests_total{outcome="(\w+)",reason="not-ready"', metrics(address), re.M
        )
        assert counted == ["unready"]
        assert httpx.get(f"{address}/livez").status_code == 200
        assert httpx.post(f"{address}/predict", content=video.read_bytes(), timeout=LONG).status_code == 200
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=LONG) == 0


def test_when_the_while_is_over_it_ends_by_itself() -> None:
    with process(VX_DRAIN="0.5") as (service, _):
        begun = time.monotonic()
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=LONG) == 0
        assert time.monotonic() - begun > 0.5


def test_killed_outright_it_leaves_nothing_either(tmp_path: Path) -> None:
    with process(VX_TEMP_DIR=str(tmp_path)) as (service, address):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + bytes(1000))
            until(lambda: in_flight(address) == 1)
            service.kill()
            service.wait()
        assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_problem_and_not_a_bug(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a disk; both the middle and the last write of an upload meet it."""
    shell = 'ulimit -f 2048; exec "$0" -m app'
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"VX_PORT": str(port), "VX_DEVICE": "cpu"}
    with start(["bash", "-c", shell, sys.executable], environment) as service:
        address = wait_until_ready(service, f"http://127.0.0.1:{port}")
        for size in (2048 * 1024 + 3, 9 * 2**20):
            response = httpx.post(f"{address}/predict", content=bytes(size))
            assert response.status_code == 503, response.text
            assert "no room for the upload" in response.json()["detail"]


def test_damaged_or_unusable_newer_models_do_not_keep_it_from_starting(release: Release, tmp_path: Path) -> None:
    name, version = DEFAULT.manifest.name, DEFAULT.manifest.version
    corrupt_weights(install(release, tmp_path, name, version + 2))
    unusable = install(release, tmp_path, name, version + 1)
    files = dict(release.manifest.files)
    for graph in unusable.glob("*.xml"):
        graph.write_text("not a graph")
        files[graph.name] = sha256_of(graph)
    edit(unusable, files=files)
    with process(VX_MODEL_STORE=str(tmp_path), VX_MODEL="") as (_, address):
        assert httpx.get(f"{address}/classes").json()["model"] == {"name": name, "version": version}
        refused = httpx.post(f"{address}/predict?model={name}@{version + 1}", content=b"x")
        assert refused.status_code == 503
        assert "cannot be used" in refused.json()["detail"]
