"""Models that come and go while the service runs."""

import json
import re
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service import process
from tests.shipped import VERSION
from tests.videoxception.test_store import edit, install
from tests.waiting import LONG, until
from videoxception import engine
from videoxception.clip import Frames
from videoxception.engine import Engine
from videoxception.store import Release

NEXT = VERSION + 1


def publish(release: Release, store: Path, version: int, spoil: Callable[[Path], None] = lambda folder: None) -> Path:
    """Puts a version into a store at once, as publishing does."""
    folder = install(release, store / ".made", "videoxception-a", version)
    spoil(folder)
    (store / "videoxception-a").mkdir(exist_ok=True)
    return folder.rename(store / "videoxception-a" / str(version))


def exported_wrongly(folder: Path) -> None:
    """Makes it a model whose files are whole, but which answers otherwise than it says."""
    golden = json.loads((folder / "model.json").read_text())["golden"]
    edit(folder, golden=golden | {"logits": [[logit + 1 for logit in row] for row in golden["logits"]]})


def default(address: str) -> int:
    return httpx.get(f"{address}/classes").json()["model"]["version"]


@contextmanager
def posting(address: str, video: Path) -> Iterator[Counter[tuple[int, int]]]:
    """Posts the video without a pause; counts statuses and the versions that answered."""
    seen: Counter[tuple[int, int]] = Counter()
    over = threading.Event()

    def post() -> None:
        with httpx.Client(timeout=LONG) as client:
            while not over.is_set():
                answer = client.post(f"{address}/predict", content=video.read_bytes())
                seen[answer.status_code, answer.json().get("model", {}).get("version", 0)] += 1

    clients = [threading.Thread(target=post) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        yield seen
    finally:
        over.set()
        for client in clients:
            client.join()


def test_a_new_version_takes_over_without_a_failed_request(release: Release, video: Path, tmp_path: Path) -> None:
    with process(VX_MODEL_STORE=str(tmp_path), VX_RELOAD="0.2", VX_ANSWER_CACHE="0") as (_, address):
        assert default(address) == VERSION
        with posting(address, video) as seen:
            until(lambda: seen[200, VERSION] > 0)
            publish(release, tmp_path, NEXT)
            until(lambda: seen[200, NEXT] > 0)
        assert {status for status, _ in seen} == {200}


def test_a_bad_version_never_answers_and_the_old_one_stays(release: Release, tmp_path: Path) -> None:
    with process(VX_MODEL_STORE=str(tmp_path), VX_RELOAD="0.1") as (_, address):
        publish(release, tmp_path, NEXT, exported_wrongly)
        refused = httpx.post(f"{address}/predict?model=videoxception-a@{NEXT}", content=b"x", timeout=60)
        assert "golden" in refused.json()["detail"]
        time.sleep(1)
        assert default(address) == VERSION


def test_a_version_that_breaks_when_it_is_tried_is_passed_over(
    release: Release, tmp_path: Path, client_of: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(release: Release, device: str, *rest: Any) -> Engine:
        made = engine.create(release, device, *rest)
        if release.manifest.version == NEXT:
            monkeypatch.setattr(made, "predict", breaks)
        return made

    def breaks(frames: Frames) -> None:
        raise RuntimeError("no such operation")

    monkeypatch.setattr("app.models.create", create)
    publish(release, tmp_path, NEXT)
    client = client_of(model_store=str(tmp_path))
    assert client.get("/classes").json()["model"]["version"] == VERSION
    refused = client.post(f"/predict?model=videoxception-a@{NEXT}", content=b"x")
    assert refused.status_code == 503
    assert "does not run on cpu: no such operation" in refused.json()["detail"]


def test_a_signal_brings_in_a_new_version_and_takes_it_back(release: Release, tmp_path: Path) -> None:
    with process(VX_MODEL_STORE=str(tmp_path), VX_RELOAD="0") as (service, address):
        folder = publish(release, tmp_path, NEXT)
        time.sleep(0.5)
        assert default(address) == VERSION
        service.send_signal(signal.SIGHUP)
        until(lambda: default(address) == NEXT)
        shutil.rmtree(folder)
        service.send_signal(signal.SIGHUP)
        until(lambda: default(address) == VERSION)
        assert httpx.get(f"{address}/readyz").status_code == 200
        loaded = re.findall(r'model_info\{.*version="(\d)"\}', httpx.get(f"{address}/metrics").text)
        assert loaded == [str(VERSION)]
        service.terminate()
        assert service.wait(timeout=LONG) == 0
