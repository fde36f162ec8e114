"""The released models that the service answers with: the default one from the start, others when they are asked for.

While it runs, a name comes to mean a newer version as soon as that lies in a store and has given its golden answers.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.batching import Batcher, Rules
from app.problems import Problem
from app.settings import Settings
from videoxception import golden
from videoxception.engine import Engine, EngineError, OutOfMemory, create
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

    def __init__(self, settings: Settings, note_batch: Callable[[int], None]) -> None:
        self._settings = settings
        self._note_batch = note_batch
        self._store = ModelStore.from_path(settings.model_store)
        self._rules = Rules(settings.max_batch, settings.max_queue, settings.batch_delay, settings.watchdog)
        self._served: dict[str, Served] = {}  # by "name@version"
        self._failed: dict[str, Exception] = {}
        self._meant: dict[str, Served] = {}  # by what was asked for, which is looked up on disk once
        self._loading = asyncio.Lock()
        self._default: Served | None = None
        self._seen: dict[str, list[int]] = {}  # what lay in the stores at the last look
        self._wanted = asyncio.Event()  # a reload that was asked for
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Loads the default model. Raises `StoreError`, `EngineError` or `GoldenMismatch`."""
        self._seen = await asyncio.to_thread(self.references)
        self._default = await self._serve(self._settings.model)

    async def close(self) -> None:
        """Stops all batchers."""
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await asyncio.gather(*(served.batcher.close() for served in self._served.values()))

    @property
    def served(self) -> list[Served]:
        """The models that are loaded."""
        return list(self._served.values())

    def is_default(self, served: Served) -> bool:
        """Whether it answers when a request names none."""
        return served is self._default

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

    async def watch(self) -> None:
        """Reloads when that is asked for, or the stores have other versions than before. Runs until it is cancelled."""
        while True:
            asked = await self._asked()
            try:
                await self._look(asked)
            except Exception:  # the models that are loaded answer on, and the next look may succeed
                _log.exception("looking for new models failed")

    def ask_for_reload(self) -> None:
        """Makes `watch` reload now."""
        self._wanted.set()

    async def _look(self, asked: bool) -> None:
        now = await asyncio.to_thread(self.references)
        if asked or now != self._seen:
            self._seen = now
            await self._reload()

    async def _asked(self) -> bool:
        """Waits until a reload is asked for (true), or it is time for another look at the stores (false)."""
        try:
            async with asyncio.timeout(self._settings.reload or None):
                await self._wanted.wait()
        except TimeoutError:
            return False
        self._wanted.clear()
        return True

    async def _reload(self) -> None:
        """Finds out anew what each name means. The old version stays where no other can be used."""
        async with self._loading:
            self._failed.clear()
            for reference, old in list(self._meant.items()):
                try:
                    new = await self._find(reference)
                except _UNUSABLE as error:
                    _log.error("%s stays: %s", old.release, error)
                    continue
                self._meant[reference] = new
                if new is not old:
                    _log.info("%r is %s now, and was %s", reference or "the default", new.release, old.release)
            self._default = self._meant[self._settings.model]
            self._let_go()

    def _let_go(self) -> None:
        """Closes what no name means any more, when the last request that may hold it has ended."""
        kept = {str(served.release) for served in self._meant.values()}
        for name in self._served.keys() - kept:
            leaving = asyncio.create_task(self._close_later(self._served.pop(name)))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _close_later(self, old: Served) -> None:
        try:
            await asyncio.sleep(self._settings.upload_timeout + self._settings.deadline)
        finally:
            await old.batcher.close()

    async def _serve(self, reference: str) -> Served:
        """The best release that fits and can be run. What was found out is remembered until the next reload."""
        if reference in self._meant:
            return self._meant[reference]
        async with self._loading:
            if reference in self._failed:
                raise self._failed[reference]
            try:
                self._meant[reference] = await self._find(reference)
            except UnknownModel:  # not remembered: a client can name as many as it likes
                raise
            except _UNUSABLE as error:
                self._failed[reference] = error
                raise
            return self._meant[reference]

    async def _find(self, reference: str) -> Served:
        """Loads the best release that fits, unless it is being served already."""
        release, engines = await asyncio.to_thread(self._load, reference)
        served = self._served.get(str(release))
        if served is None:
            batcher = Batcher(engines, self._rules, self._note_batch)
            served = self._served[str(release)] = Served(release, batcher)
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
        engine = create(release, device, self._settings.precision, self._settings.compiled)
        try:
            golden.check(engine, release.manifest)  # which warms it up, too
        except (OutOfMemory, MemoryError, RuntimeError, ValueError) as error:
            raise EngineError(f"{release} does not run on {device}: {error}") from error
        return engine


def _alive(served: Served) -> Served:
    if trouble := served.batcher.trouble:
        raise Problem("not-ready", trouble, {"Retry-After": "5"})
    return served
