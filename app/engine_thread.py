"""The thread of one engine: gives it batches from the queue, and notices when it fails, hangs or runs out of memory."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from app.clip_queue import ClipQueue, Inferred, QueuedClip, reject, resolve
from app.problems import Problem
from videoxception.clip import Frames
from videoxception.engine import Engine, OutOfMemory
from videoxception.engine.base import Logits

_SMOOTHING = 0.1  # weight of the newest batch in the running mean of the time that a clip takes
_WINDOWS_SECONDS = 0.05  # that a batch of windows should take
_FAILURES = 3  # single clips in a row that an engine fails before it counts as broken
_REST = 1.0  # seconds between a broken engine's tries at a blank clip
_log = logging.getLogger(__name__)


class EngineThread:
    """The thread that gives one engine its batches.

    An engine that is broken gets no more of them, so that another one can answer, but a blank clip now and then, until
    it answers one.
    """

    def __init__(self, engine: Engine, queue: ClipQueue, max_batch: int, note_batch: Callable[[int], None]) -> None:
        self.engine = engine
        self._note_batch = note_batch
        self._queue = queue
        self._loop = asyncio.get_running_loop()
        self._busy_since: float | None = None
        self._failures = 0  # of single clips since the last success
        self._blank: Frames | None = None  # (1, F, H, W, 3), once an engine has failed a clip
        self.max_batch = max_batch
        self.seconds = 0.05  # running mean of the time that a clip takes
        # A daemon, since an engine that hangs must not keep the service from ending.
        self._thread = threading.Thread(target=self._work, name=f"engine-{engine.device}", daemon=True)
        self._thread.start()

    def trouble(self, patience: float) -> str | None:
        """Return what keeps the engine from answering, if anything does; `patience` is in seconds at one batch."""
        if not self._thread.is_alive():
            return f"the engine on {self.engine.device} has stopped"
        if (busy := self._busy()) > patience:
            return f"the engine on {self.engine.device} has made no progress for {busy:.1f} s"
        if self._broken:
            return f"the engine on {self.engine.device} fails; the log says why"
        return None

    @property
    def idle(self) -> bool:
        """Whether the engine has no batch."""
        return self._busy_since is None

    def join(self, patience: float) -> None:
        """Wait for the end of the thread, which comes after its batch once the queue is closed, unless it is stuck."""
        self._thread.join(max(0, patience - self._busy()))

    @property
    def _broken(self) -> bool:
        return self._failures >= _FAILURES

    @property
    def _windows_at_once(self) -> int:
        """How many windows make a batch: a clip that comes meanwhile waits for it."""
        return min(self.max_batch, max(1, int(_WINDOWS_SECONDS / self.seconds)))

    def _busy(self) -> float:
        """Return the seconds since the engine was given its present batch; 0 if it has none."""
        since = self._busy_since
        return 0 if since is None else time.monotonic() - since

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        """Do one batch, or one try at a blank clip if the engine is broken. Return false when the queue is closed."""
        if self._broken:
            return self._mended() or not self._queue.wait_for_close(_REST)
        batch = self._queue.take(self.max_batch, self._windows_at_once)
        self._infer(batch)
        return bool(batch)

    def _infer(self, batch: list[QueuedClip]) -> None:
        """Answer a batch. If that fails, smaller ones are tried, so that no clip fails because of another."""
        batch = [item for item in batch if item.wanted]
        if not batch:
            return
        try:
            inferred = self._predict(batch)
        except (OutOfMemory, MemoryError) as error:
            self._halve(batch, error)
        except Exception as error:  # whatever it is, the callers must get it, and the thread must go on
            self._retry_alone(batch, error)
        else:
            self._in_loop(resolve, batch, inferred)

    def _predict(self, batch: list[QueuedClip]) -> list[Inferred]:
        self._note_batch(len(batch))
        start = time.monotonic()
        logits = self._run(np.stack([item.frames for item in batch]))
        worked = time.monotonic() - start
        self.seconds += _SMOOTHING * (worked / len(batch) - self.seconds)
        precision = self.engine.precision
        return [Inferred(row, precision, start - item.since, worked) for item, row in zip(batch, logits, strict=True)]

    def _run(self, frames: Frames) -> Logits:
        """Return the logits (B, K) of clips (B, F, H, W, 3). Raise what the engine does, or if they are not finite."""
        self._busy_since = time.monotonic()
        try:
            logits = self.engine.predict(frames)
            if not np.isfinite(logits).all():
                raise ArithmeticError(f"the engine on {self.engine.device} gave logits that are not finite")
        except Exception as error:
            if len(frames) == 1:  # a smaller batch might have gone well
                self._note_failure(error, frames)
            raise
        finally:
            self._busy_since = None
        self._failures = 0
        return logits

    def _note_failure(self, error: Exception, frames: Frames) -> None:
        self._failures += 1
        self._blank = np.zeros_like(frames)
        if self._failures == _FAILURES:
            _log.error("the engine on %s is broken", self.engine.device, exc_info=error)

    def _mended(self) -> bool:
        """Return whether the engine, which was broken, answers again."""
        assert self._blank is not None
        try:
            self._run(self._blank)
        except Exception:  # it was logged when the engine broke
            return False
        _log.warning("the engine on %s answers again", self.engine.device)
        return True

    def _halve(self, batch: list[QueuedClip], error: Exception) -> None:
        """Halve the largest batch from now on, and run this batch's clips again in halves."""
        if len(batch) == 1:
            detail = f"the memory of {self.engine.device} is too small for one more clip: {error}"
            self._in_loop(reject, batch, Problem("overloaded", detail, {"Retry-After": "10"}))
            return
        self.max_batch = len(batch) // 2
        _log.warning("%d clips do not fit on %s; %d from now on", len(batch), self.engine.device, self.max_batch)
        while batch:
            piece, batch = batch[: self.max_batch], batch[self.max_batch :]
            self._infer(piece)

    def _retry_alone(self, batch: list[QueuedClip], error: Exception) -> None:
        """Answer each clip of a batch that failed by itself; a single one gets the error."""
        if len(batch) == 1:
            self._in_loop(reject, batch, error)
            return
        _log.warning("a batch of %d failed and is tried one by one: %s", len(batch), error)
        for item in batch:
            self._infer([item])

    def _in_loop(self, function: Callable[..., None], *arguments: object) -> None:
        """Have a function called in the event loop's thread."""
        with suppress(RuntimeError):  # the loop is closed, and the callers have gone
            self._loop.call_soon_threadsafe(function, *arguments)
