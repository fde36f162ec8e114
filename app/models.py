"""The released models that the service answers with: the default one from the start, others when they are asked for."""

import asyncio
from dataclasses import dataclass

from app.batching import Batcher
from app.problems import Problem
from app.settings import Settings
from videoxception import engine as engines
from videoxception import golden
from videoxception.engine import Engine, EngineError
from videoxception.manifest import Manifest
from videoxception.store import ModelStore, Release, StoreError, UnknownModel


@dataclass(frozen=True, slots=True)
class Served:
    """A released model, its engine, and the batcher in front of it."""

    release: Release
    engine: Engine
    batcher: Batcher

    @property
    def manifest(self) -> Manifest:
        """The released model's model.json."""
        return self.release.manifest


class Models:
    """Loads released models, each once, after they gave their golden answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = ModelStore.from_path(settings.model_store)
        self._served: dict[str, Served] = {}  # by "name@version"
        self._meant: dict[str, Served] = {}  # by what was asked for, which is looked up on disk once
        self._loading = asyncio.Lock()
        self._default: Served | None = None

    async def start(self) -> None:
        """Loads the default model. Raises `StoreError`, `EngineError` or `GoldenMismatch`."""
        self._default = await self._serve(self._settings.model)

    async def close(self) -> None:
        """Stops all batchers."""
        await asyncio.gather(*(served.batcher.close() for served in self._served.values()))

    @property
    def ready(self) -> bool:
        """Whether the default model takes clips."""
        return self._default is not None and self._default.batcher.alive

    @property
    def default(self) -> Served:
        """The model that answers when a request names none. Raises the problem `not-ready`."""
        if self._default is None or not self._default.batcher.alive:
            raise Problem("not-ready", "the model is not loaded; GET /readyz tells when it is", {"Retry-After": "5"})
        return self._default

    async def get(self, reference: str | None) -> Served:
        """The model "name" or "name@version", or the default one. Raises the problems `unknown-model`, `not-ready`."""
        if not reference:
            return self.default
        try:
            return await self._serve(reference)
        except UnknownModel:
            raise Problem("unknown-model", f"no model is called {reference!r}; GET /models lists them") from None
        except (StoreError, EngineError, golden.GoldenMismatch) as error:
            raise Problem("not-ready", f"the model {reference!r} cannot be used: {error}") from error

    def references(self) -> dict[str, list[int]]:
        """Names and versions of what lies in the stores."""
        return self._store.versions()

    async def _serve(self, reference: str) -> Served:
        if reference in self._meant:
            return self._meant[reference]
        async with self._loading:
            release = await asyncio.to_thread(self._store.load, reference)
            served = self._served.get(str(release))
            if served is None:
                engine = await asyncio.to_thread(self._make_engine, release)
                served = Served(release, engine, Batcher(engine, self._settings.max_batch))
                self._served[str(release)] = served
            self._meant[reference] = served
            return served

    def _make_engine(self, release: Release) -> Engine:
        engine = engines.create(release, self._settings.device, self._settings.precision)
        golden.check(engine, release.manifest)  # which warms it up, too
        return engine
