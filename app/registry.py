"""The registry of loaded models: the default one from the start, others when a request names them first.

What a name means is found out once, and again at each `reload`: the newest version that gives its golden answers.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.batching import Batcher, Rules
from app.problems import Problem
from app.settings import Settings
from videoxception.engine import Engine, EngineError, create
from videoxception.engine.base import Sharing
from videoxception.manifest import Manifest
from videoxception.store import ModelStore, Release, StoreError, UnknownModel

_UNUSABLE = (StoreError, EngineError)
_log = logging.getLogger(__name__)


class Holds:
    """How many long requests need a model, beyond the time that others may take."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Hold the model while the context lasts."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def end(self) -> None:
        """Return when nobody holds the model."""
        await self._none.wait()


@dataclass(frozen=True, slots=True)
class Served:
    """A released model, and the batcher in front of its engines."""

    release: Release
    batcher: Batcher
    holds: Holds = field(default_factory=Holds)

    @property
    def manifest(self) -> Manifest:
        """The released model's model.json."""
        return self.release.manifest

    def __str__(self) -> str:
        engines = ", ".join(f"{engine.device} in {engine.precision}" for engine in self.batcher.engines)
        return f"{self.release} on {engines}"


class ModelRegistry:
    """Loads released models, each once, and serves only those that give their golden answers."""

    def __init__(
        self, settings: Settings, note_batch: Callable[[int], None], busy: Callable[[], bool] = lambda: False
    ) -> None:
        """Create a registry. `busy` says whether decoders need the cores; it is called from any thread."""
        self._settings = settings
        self._note_batch = note_batch
        self._busy = busy
        self._store = ModelStore.from_path(settings.model_store)
        self._rules = Rules(settings.max_batch, settings.max_queue, settings.batch_delay, settings.watchdog)
        self._served: dict[str, Served] = {}  # by "name@version"
        self._resolved: dict[str, Served] = {}  # by the reference that was asked for
        self._failed: dict[str, Exception] = {}  # likewise
        self._loading = asyncio.Lock()
        self._default: Served | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Load the default model. Raise `StoreError` or `EngineError`."""
        self._default = await self._resolve(self._settings.model)

    async def close(self) -> None:
        """Stop all batchers."""
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await asyncio.gather(*(served.batcher.close() for served in self._served.values()))

    @property
    def served(self) -> list[Served]:
        """The models that are loaded."""
        return list(self._served.values())

    def is_default(self, served: Served) -> bool:
        """Return whether a model answers when a request names none."""
        return served is self._default

    @property
    def trouble(self) -> str | None:
        """Why the default model takes no clips, if it does not."""
        if self._default is None:
            return "the model is not loaded"
        return self._default.batcher.trouble

    @property
    def default(self) -> Served:
        """The model that answers when a request names none; the problem `not-ready` if it cannot."""
        if self._default is None:
            raise Problem(
                "not-ready", "the model is not loaded yet; GET /readyz is 200 once it is", {"Retry-After": "5"}
            )
        return _alive(self._default)

    async def get(self, reference: str | None) -> Served:
        """Return the model "name" or "name@version", or the default one.

        Raise the problem `unknown-model` or `not-ready`.
        """
        if not reference:
            return self.default
        try:
            served = await self._resolve(reference)
        except UnknownModel:
            raise Problem("unknown-model", f"no model is called {reference!r}; GET /models lists them") from None
        except _UNUSABLE as error:
            raise Problem("not-ready", f"the model {reference!r} cannot be used: {error}") from error
        return _alive(served)

    def versions(self) -> dict[str, list[int]]:
        """Return the versions of each model in the stores, by name."""
        return self._store.versions()

    def listed(self) -> dict[tuple[str, int], Release | None]:
        """Return what each name and version in the stores is; None where model.json cannot be read."""
        return self._store.listed()

    def engines(self, name: str, version: int) -> list[Engine]:
        """Return the engines of a model, none if it is not loaded."""
        served = self._served.get(f"{name}@{version}")
        return served.batcher.engines if served else []

    async def reload(self) -> None:
        """Resolve anew every reference that was asked for. The old version stays where no other can be used."""
        async with self._loading:
            self._failed.clear()
            for reference, old in list(self._resolved.items()):
                try:
                    new = await self._find(reference)
                except _UNUSABLE as error:
                    _log.error("%s stays: %s", old.release, error)
                    continue
                self._resolved[reference] = new
                if new is not old:
                    _log.info("%r is %s now, and was %s", reference or "the default", new.release, old.release)
            self._default = self._resolved[self._settings.model]
            self._let_go()

    def _let_go(self) -> None:
        """Close what no reference means any more, when the last request that may hold it has ended."""
        kept = {str(served.release) for served in self._resolved.values()}
        for name in self._served.keys() - kept:
            leaving = asyncio.create_task(self._close_later(self._served.pop(name)))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _close_later(self, old: Served) -> None:
        try:
            await asyncio.sleep(self._settings.upload_timeout + self._settings.deadline)
            await old.holds.end()
        finally:
            await old.batcher.close()

    async def _resolve(self, reference: str) -> Served:
        """Return the best release that fits and can be run. The outcome is remembered until the next reload."""
        if reference in self._resolved:
            return self._resolved[reference]
        async with self._loading:
            if reference in self._failed:
                raise self._failed[reference]
            try:
                self._resolved[reference] = await self._find(reference)
            except UnknownModel:  # not remembered: a client can name as many as it likes
                raise
            except _UNUSABLE as error:
                self._failed[reference] = error
                raise
            return self._resolved[reference]

    async def _find(self, reference: str) -> Served:
        """Load the best release that fits, unless it is loaded already."""
        release, engines = await asyncio.to_thread(self._load, reference)
        served = self._served.get(str(release))
        if served is None:
            batcher = Batcher(engines, self._rules, self._note_batch)
            served = self._served[str(release)] = Served(release, batcher)
            _log.log(logging.INFO if self._default else logging.DEBUG, "loaded %s", served)  # the first is introduced
        return served

    def _load(self, reference: str) -> tuple[Release, list[Engine]]:
        """Return a release and its engines, one a device; without them if it is loaded already."""
        first_error: Exception | None = None
        for release in self._store.candidates(reference):
            if str(release) in self._served:
                return release, []
            try:
                return release, [self._make_engine(release, device) for device in self._settings.devices]
            except EngineError as error:
                _log.warning("passing over %s: %s", release, error)
                first_error = first_error or error
        assert first_error is not None  # there was a candidate, or the store would have raised
        raise first_error

    def _make_engine(self, release: Release, device: str) -> Engine:
        settings, pins = self._settings, self._store.pins
        engine = create(release, device, settings.precision, settings.compiled, streams=settings.streams, pins=pins)
        if isinstance(engine, Sharing):
            engine.share(self._busy)
        return engine


def _alive(served: Served) -> Served:
    """Return the model, or raise the problem `not-ready` while none of its engines takes clips."""
    if trouble := served.batcher.trouble:
        raise Problem("not-ready", trouble, {"Retry-After": "5"})
    return served
