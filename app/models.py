"""The released models that the service answers with: the default one from the start, others when they are asked for."""

import asyncio
import logging
from dataclasses import dataclass

from app.batching import Batcher, Rules
from app.problems import Problem
from app.settings import Settings
from videoxception import golden
from videoxception.engine import Engine, EngineError, create
from videoxception.manifest import Manifest
from videoxception.store import ModelStore, Release, StoreError, UnknownModel

_UNUSABLE = (StoreError, EngineError, golden.GoldenMismatch)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """A released model, and the batcher in front of its engines."""

    release: Release
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
        self._rules = Rules(settings.max_batch, settings.max_queue, settings.batch_delay, settings.watchdog)
        self._served: dict[str, Served] = {}  # by "name@version"
        self._failed: dict[str, Exception] = {}
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
    def trouble(self) -> str | None:
        """Why the default model takes no clips, if it does not."""
        if self._default is None:
            return "the model is not loaded"
        return self._default.batcher.trouble

    @property
    def default(self) -> Served:
        """The model that answers when a request names none. Raises the problem `not-ready`."""
        if self._default is None:
            raise Problem("not-ready", "the model is not loaded; GET /readyz tells when it is", {"Retry-After": "5"})
        return _alive(self._default)

    async def get(self, reference: str | None) -> Served:
        """The model "name" or "name@version", or the default one. Raises the problems `unknown-model`, `not-ready`."""
        if not reference:
            return self.default
        try:
            served = await self._serve(reference)
        except UnknownModel:
            raise Problem("unknown-model", f"no model is called {reference!r}; GET /models lists them") from None
        except _UNUSABLE as error:
            raise Problem("not-ready", f"the model {reference!r} cannot be used: {error}") from error
        return _alive(served)

    def references(self) -> dict[str, list[int]]:
        """Names and versions of what lies in the stores."""
        return self._store.versions()

    async def _serve(self, reference: str) -> Served:
        """The best release that fits and can be run. What was found out is remembered until the service starts anew."""
        if reference in self._meant:
            return self._meant[reference]
        async with self._loading:
            if reference in self._failed:
                raise self._failed[reference]
            try:
                release, engines = await asyncio.to_thread(self._load, reference)
            except UnknownModel:  # not remembered: a client can name as many as it likes
                raise
            except _UNUSABLE as error:
                self._failed[reference] = error
                raise
            served = self._served.get(str(release))
            if served is None:
                served = self._served[str(release)] = Served(release, Batcher(engines, self._rules))
            self._meant[reference] = served
            return served

    def _load(self, reference: str) -> tuple[Release, list[Engine]]:
        """A release and its engines, one a device; without them if it is being served already."""
        first_error: Exception | None = None
        for release in self._store.candidates(reference):
            if str(release) in self._served:
                return release, []
            try:
                return release, [self._make_engine(release, device) for device in self._settings.devices]
            except (EngineError, golden.GoldenMismatch) as error:
                _log.warning("passing over %s: %s", release, error)
                first_error = first_error or error
        assert first_error is not None  # there was a candidate, or the store would have raised
        raise first_error

    def _make_engine(self, release: Release, device: str) -> Engine:
        engine = create(release, device, self._settings.precision)
        golden.check(engine, release.manifest)  # which warms it up, too
        return engine


def _alive(served: Served) -> Served:
    if trouble := served.batcher.trouble:
        raise Problem("not-ready", trouble, {"Retry-After": "5"})
    return served
