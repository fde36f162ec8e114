"""The canary: a second model that answers a share of the default model's uploads once more, unseen.

It begins only when nothing of a request is decoded or with an engine. What finds its small queue full, or waits too
long for such a moment, is dropped and counted. Both engines are timed then, with one clip each and in turns: times from
under load would say more of the load than of the models.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from app.batching import Batcher, Rules
from app.canary_metrics import CanaryMetrics
from app.clip_queue import Inferred
from app.decoding import Decoders, usual_limits
from app.problems import Problem
from app.registry import Served
from app.settings import Settings
from app.uploads import Upload
from videoxception.answer import answer
from videoxception.canary.pairs import HASH_DIGITS, Pair, Said
from videoxception.clip import ClipSpec, Frames
from videoxception.engine import Engine, create
from videoxception.engine.base import Logits
from videoxception.store import ModelStore, Release

_ROOM = 4  # uploads that wait
_LARGEST = 16 * 2**20  # bytes of an upload that is kept open to be decoded once more
_PATIENCE = 10.0  # seconds for which an upload waits for its turn
_POLL = 0.02  # seconds between looks whether there is other work
_REMEMBERED = 10_000  # uploads that make no second pair when they come again
_BITS = 52  # of a hash, by which is drawn
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Offered:
    """An upload that was drawn, as the default model saw and answered it; open, if it has to be decoded once more."""

    served: Served
    frames: Frames = field(repr=False)
    logits: Logits
    expires: float
    file: BinaryIO | None = None

    def close(self) -> None:
        """Let go of the upload."""
        if self.file is not None:
            self.file.close()


class Canary:
    """Pairs what the default model says of uploads with what the canary does."""

    def __init__(
        self, settings: Settings, metrics: CanaryMetrics, decoders: Decoders, idle: Callable[[], bool]
    ) -> None:
        """Create it; `idle` says whether nothing of a request is in work, `decoders` give way to others."""
        self._settings = settings
        self._metrics = metrics
        self._decoders = decoders
        self._idle = idle
        self._model: Served | None = None
        self._queue: asyncio.Queue[_Offered] = asyncio.Queue(_ROOM)
        self._seen: dict[str, None] = {}  # hashes of uploads, the oldest first
        self._canary_first = False
        self._told = False  # that the canary is the default model

    def offer(self, served: Served, upload: Upload, frames: Frames, logits: Logits) -> None:
        """Take in what the default model has answered, if it is drawn and there is room. It never waits or raises."""
        model = self._model
        if model is None or upload.sha256 in self._seen or not drawn(upload.sha256, self._settings.canary_share):
            return
        if model.release.sha256 == served.release.sha256:
            self._tell_itself(model)
            return
        again = not _same_frames(model.manifest.clip, served.manifest.clip)
        if self._queue.full():
            self._metrics.note_dropped("full")
        elif again and upload.bytes > _LARGEST:
            self._metrics.note_dropped("large")
        else:
            self._take(_Offered(served, frames, logits.copy(), time.monotonic() + _PATIENCE), upload, again)

    def _take(self, offered: _Offered, upload: Upload, again: bool) -> None:
        """Queue what is offered; with the upload, if it must be decoded again."""
        if again:
            try:
                offered = replace(offered, file=upload.again())
            except (Problem, ValueError):  # no descriptors are left, or the request that it came with is gone
                self._metrics.note_dropped("failed")
                return
        self._queue.put_nowait(offered)
        self._remember(upload.sha256)

    def _tell_itself(self, model: Served) -> None:
        if not self._told:
            _log.warning(
                "%s is the default model itself; the canary needs VX_CANARY_STORE, or VX_MODEL with a version",
                model.release,
            )
        self._told = True

    def _remember(self, sha256: str) -> None:
        self._seen[sha256] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]

    async def run(self) -> None:
        """Load the canary, and pair what is offered until it is taken out of its store, or this is cancelled."""
        try:
            release, engine = await asyncio.to_thread(_load, self._settings)
        except Exception as error:  # whatever it is, requests are answered without it
            _log.error("the canary %s does not answer: %s", self._settings.canary, error)
            self._metrics.note_up(self._settings.canary, False)
            return
        model = Served(release, Batcher([engine], Rules(1, _ROOM, patience=self._settings.watchdog)))
        try:
            await self._work(model)
        finally:
            self._model = None
            self._metrics.note_up(str(release), False)
            while not self._queue.empty():
                self._queue.get_nowait().close()
            await model.batcher.close()

    async def _work(self, model: Served) -> None:
        self._model = model
        self._metrics.note_up(str(model.release), True)
        _log.info("%s answers %g of the uploads once more", model, self._settings.canary_share)
        while True:
            offered = await self._queue.get()
            try:
                if not await asyncio.to_thread(model.release.folder.is_dir):
                    _log.info("%s was taken out of its store, and answers no more", model.release)
                    return
                await self._pair(model, offered)
            finally:
                offered.close()

    async def _pair(self, model: Served, offered: _Offered) -> None:
        """Count and log what both say of an upload, or that there was no time for it, or no answer."""
        try:
            pair = await self._answers(model, offered)
        except TimeoutError:
            self._metrics.note_dropped("busy")
        except Exception as error:  # whatever it is, it must not end the canary
            self._metrics.note_dropped("failed")
            _log.warning("the canary failed: %s", error)
        else:
            self._metrics.note_pair(pair)
            if self._settings.canary_log:
                await asyncio.to_thread(_append, Path(self._settings.canary_log), pair)

    async def _answers(self, model: Served, offered: _Offered) -> Pair:
        frames = offered.frames
        if offered.file is not None:
            await self._wait(offered)
            spec = model.manifest.clip
            decoded = await self._decoders.decode(offered.file, spec, limits=usual_limits(self._settings))
            frames = decoded.clip.frames
        self._canary_first = not self._canary_first
        if self._canary_first:
            second = await self._infer(model, frames, offered)
            first = await self._infer(offered.served, offered.frames, offered)
        else:
            first = await self._infer(offered.served, offered.frames, offered)
            second = await self._infer(model, frames, offered)
        return Pair(
            default=_said(offered.served, offered.logits, first.worked),  # what was answered; only the time is new
            canary=_said(model, second.logits, second.worked),
        )

    async def _infer(self, served: Served, frames: Frames, offered: _Offered) -> Inferred:
        await self._wait(offered)
        return await served.batcher.infer(frames, self._settings.deadline, window=True)

    async def _wait(self, offered: _Offered) -> None:
        """Wait until nothing else is to be done. Raise `TimeoutError` if it takes too long."""
        await asyncio.sleep(_POLL)
        while not self._idle():
            if time.monotonic() > offered.expires:
                raise TimeoutError
            await asyncio.sleep(_POLL)


@asynccontextmanager
async def open_canary(
    settings: Settings, metrics: CanaryMetrics, decoders: Decoders, idle: Callable[[], bool]
) -> AsyncIterator[Canary]:
    """Run the canary while the context lasts."""
    canary = Canary(settings, metrics, decoders, idle)
    running = asyncio.create_task(canary.run())
    try:
        yield canary
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def drawn(sha256: str, share: float) -> bool:
    """Return whether an upload is one of the share, by its hash: the same ones at any time, under any load."""
    number = int(sha256[: _BITS // 4], 16)
    return number < share * 2.0**_BITS


def _same_frames(one: ClipSpec, other: ClipSpec) -> bool:
    """Return whether two models see the same bytes; engines do the rest."""
    of_engines = {"scale", "mean", "std"}
    return one.model_dump(exclude=of_engines) == other.model_dump(exclude=of_engines)


def _load(settings: Settings) -> tuple[Release, Engine]:
    """Load the canary as the default model is loaded, but onto one device. Raise `StoreError` or `EngineError`."""
    usual = ModelStore.from_path(settings.model_store)
    store = ModelStore(built_in=Path(settings.canary_store)) if settings.canary_store else usual
    release = store.load(settings.canary)
    device, streams = settings.devices[-1], settings.streams
    return release, create(release, device, settings.precision, settings.compiled, streams=streams, pins=usual.pins)


def _said(served: Served, logits: Logits, seconds: float) -> Said:
    said = answer(served.manifest, logits)
    return Said(
        model=str(served.release),
        sha256=served.release.sha256[:HASH_DIGITS],
        label=said.label,
        confidence=round(said.confidence, 4),
        known=said.known,
        ms=round(max(seconds * 1000, 0.001), 3),
    )


def _append(path: Path, pair: Pair) -> None:
    """Add a pair to the log. If it cannot be written, log a warning and go on."""
    try:
        with path.open("a") as file:
            file.write(pair.model_dump_json() + "\n")
    except OSError as error:
        _log.warning("VX_CANARY_LOG=%s cannot be written: %s", path, error.strerror)
