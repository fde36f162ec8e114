"""Models that come and go while the service runs."""

import asyncio
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
from typing import cast

import httpx
import pytest

from app.registry import ModelRegistry
from app.reload import Reloader
from tests.app.conftest import NEXT, publish
from tests.service import process
from tests.shipped import VERSION
from tests.videoxception.test_store import edit
from tests.waiting import LONG, until
from videoxception.store import Release


class FakeRegistry:
    """Says which versions lie in the stores, and counts looks and reloads. A look fails if there are none."""

    def __init__(self) -> None:
        self.stored: dict[str, list[int]] = {"a": [1]}
        self.looks = self.reloads = 0

    def versions(self) -> dict[str, list[int]]:
        self.looks += 1
        if not self.stored:
            raise OSError("planted")
        return self.stored.copy()

    async def reload(self) -> None:
        self.reloads += 1

    async def after_looks(self, count: int) -> int:
        """Return how often it was reloaded once `count` more looks, and what they led to, have been gone through."""
        enough = self.looks + count + 1
        await until_async(lambda: self.looks >= enough)
        return self.reloads


async def until_async(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)


@contextmanager
def watching(reloader: Reloader) -> Iterator[None]:
    task = asyncio.create_task(reloader.watch())
    try:
        yield
    finally:
        task.cancel()


def test_only_versions_that_come_or_go_make_it_reload() -> None:
    async def test() -> None:
        registry = FakeRegistry()
        reloader = Reloader(cast(ModelRegistry, registry), interval=0.001)
        await reloader.note_versions()
        with watching(reloader):
            assert await registry.after_looks(3) == 0
            registry.stored = {"a": [1, 2]}
            assert await registry.after_looks(2) == 1
            registry.stored = {"a": [2]}
            assert await registry.after_looks(2) == 2
            assert await registry.after_looks(3) == 2

    asyncio.run(test())


def test_a_version_that_comes_before_the_watch_begins_is_noticed() -> None:
    async def test() -> None:
        registry = FakeRegistry()
        reloader = Reloader(cast(ModelRegistry, registry), interval=0.001)
        await reloader.note_versions()
        registry.stored = {"a": [1, 2]}
        with watching(reloader):
            assert await registry.after_looks(2) == 1

    asyncio.run(test())


def test_a_request_makes_it_reload_though_nothing_changed() -> None:
    async def test() -> None:
        registry = FakeRegistry()
        reloader = Reloader(cast(ModelRegistry, registry), interval=0)  # no looks by itself
        with watching(reloader):
            for expected in (1, 2):
                reloader.request()
                await until_async(lambda expected=expected: registry.reloads == expected)
        assert (registry.looks, registry.reloads) == (2, 2)

    asyncio.run(test())


def test_a_look_that_fails_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        registry = FakeRegistry()
        reloader = Reloader(cast(ModelRegistry, registry), interval=0.001)
        await reloader.note_versions()
        registry.stored = {}
        with watching(reloader):
            assert await registry.after_looks(2) == 0
            registry.stored = {"a": [1, 2]}
            assert await registry.after_looks(2) == 1
        assert "looking for new models failed" in caplog.text

    asyncio.run(test())


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
