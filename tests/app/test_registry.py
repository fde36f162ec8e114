"""Which released models are loaded, and what becomes of those that cannot be used."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from app.decoding import Decoders
from app.problems import Problem
from app.registry import ModelRegistry
from app.service import open_service
from app.settings import Settings
from tests.app.conftest import NEXT, publish
from tests.shipped import NAME, REFERENCE, VERSION
from videoxception import golden
from videoxception.clip import Frames
from videoxception.engine import Engine, EngineError
from videoxception.engine.base import Logits
from videoxception.manifest import Manifest
from videoxception.store import Release


class GoldenEngine:
    """Gives a release's golden answers, whatever it is asked."""

    device = "fake"
    precision = "f32"

    def __init__(self, release: Release) -> None:
        self._release = release
        self.busy: Callable[[], bool] | None = None

    def share(self, busy: Callable[[], bool]) -> None:
        self.busy = busy

    def predict(self, frames: Frames) -> Logits:
        return np.asarray(self._release.manifest.golden.logits, np.float32)


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The releases of which an engine was asked for; there is none of the next version."""
    asked: list[str] = []

    def create(release: Release, *rest: Any, **named: Any) -> GoldenEngine:
        asked.append(str(release))
        if release.manifest.version == NEXT:
            raise EngineError("planted")
        return GoldenEngine(release)

    monkeypatch.setattr("app.registry.create", create)
    return asked


@asynccontextmanager
async def opened(store: Path) -> AsyncIterator[ModelRegistry]:
    settings = Settings(device="cpu", model=NAME, model_store=str(store))
    registry = ModelRegistry(settings, lambda clips: None)
    await registry.start()
    try:
        yield registry
    finally:
        await registry.close()


def test_an_engine_learns_whether_the_decoders_of_short_videos_need_its_cores(
    created: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with open_service(Settings(device="cpu", model=NAME, model_store=str(tmp_path))) as service:
            (engine,) = service.models.default.batcher.engines
            assert isinstance(engine, GoldenEngine)
            assert engine.busy is not None
            assert not engine.busy()
            monkeypatch.setattr(Decoders, "busy", property(lambda decoders: decoders is service.decoders))
            assert engine.busy()

    asyncio.run(test())


async def problem(registry: ModelRegistry, reference: str) -> str:
    with pytest.raises(Problem) as caught:
        await registry.get(reference)
    return caught.value.kind


def test_a_model_is_loaded_once_by_whichever_reference_it_is_asked_for(created: list[str], tmp_path: Path) -> None:
    async def test() -> None:
        async with opened(tmp_path) as registry:
            served = await asyncio.gather(*(registry.get(name) for name in (None, "", NAME, REFERENCE, REFERENCE)))
            assert all(one is registry.default for one in served)
            assert registry.served == [registry.default]
            assert registry.is_default(served[-1])
        assert created == [REFERENCE]

    asyncio.run(test())


def test_a_failure_is_remembered_until_the_next_reload(created: list[str], release: Release, tmp_path: Path) -> None:
    async def test() -> None:
        publish(release, tmp_path, NEXT)
        broken = f"{NAME}@{NEXT}"
        async with opened(tmp_path) as registry:
            created.clear()
            assert [await problem(registry, broken) for _ in range(3)] == ["not-ready"] * 3
            assert created == [broken]
            await registry.reload()
            created.clear()
            assert [await problem(registry, broken) for _ in range(3)] == ["not-ready"] * 3
            assert created == [broken]

    asyncio.run(test())


def test_a_model_that_is_not_there_is_looked_for_each_time(
    created: list[str], release: Release, tmp_path: Path
) -> None:
    async def test() -> None:
        async with opened(tmp_path) as registry:
            assert await problem(registry, f"{NAME}@{NEXT + 1}") == "unknown-model"
            publish(release, tmp_path, NEXT + 1)
            served = await registry.get(f"{NAME}@{NEXT + 1}")
            assert served.manifest.version == NEXT + 1
            assert not registry.is_default(served)

    asyncio.run(test())


def test_before_the_start_nothing_is_answered(tmp_path: Path) -> None:
    registry = ModelRegistry(Settings(device="cpu", model=NAME), lambda clips: None)
    assert registry.trouble == "the model is not loaded"
    with pytest.raises(Problem, match="the model is not loaded"):
        asyncio.run(registry.get(None))


def test_a_version_that_breaks_when_it_is_tried_is_passed_over(
    release: Release, tmp_path: Path, client_of: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = golden.check

    def breaks(engine: Engine, manifest: Manifest) -> None:
        if manifest.version == NEXT:
            raise RuntimeError("no such operation")
        check(engine, manifest)

    monkeypatch.setattr(golden, "check", breaks)
    publish(release, tmp_path, NEXT)
    client = client_of(model_store=str(tmp_path))
    assert client.get("/classes").json()["model"]["version"] == VERSION
    refused = client.post(f"/predict?model=videoxception-a@{NEXT}", content=b"x")
    assert refused.status_code == 503
    assert "does not run on cpu: no such operation" in refused.json()["detail"]
