"""Waiting clips -> batches: an idle engine starts at once with what is there, a busy one lets the queue grow.

Each engine has a thread of its own, and all take from the same queue. So an engine goes on with the next batch without
asking the event loop, and one that hangs keeps neither the loop nor the others.
"""

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from app.problems import Problem
from videoxception.clip import Frames
from videoxception.engine import Engine, OutOfMemory
from videoxception.engine.base import Logits

_SMOOTHING = 0.1  # weight of the newest batch in the running mean of the time that a clip takes
_FAILURES = 3  # single clips in a row that an engine fails before it counts as broken
_REST = 1.0  # seconds between a broken engine's tries at a blank clip
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """How clips are gathered; times are in seconds.

    At most `max_batch` clips make a batch, and at most `max_queue` wait. An idle engine waits `delay` for more clips
    than the first. After `patience` at one batch, an engine counts as stuck.
    """

    max_batch: int = 32
    max_queue: int = 256
    delay: float = 0.0
    patience: float = 30.0


@dataclass(frozen=True, slots=True)
class Inferred:
    """The logits (K,) of one clip, and the seconds that it waited and was worked on."""

    logits: Logits
    waited: float
    worked: float


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    frames: Frames = field(repr=False)  # (F, H, W, 3)
    since: float
    expires: float
    done: "asyncio.Future[Inferred]"

    @property
    def wanted(self) -> bool:
        return not self.done.done() and time.monotonic() < self.expires


class _Queue:
    """Clips that wait for whichever engine is free first."""

    def __init__(self, most: int, delay: float) -> None:
        self._most = most
        self._delay = delay
        self._items: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: _Waiting) -> bool:
        """Queues a clip; false if there is no room. Raises the problem `not-ready` if all is over."""
        with self._changed:
            if self._closed:
                raise Problem("not-ready", "the service is being stopped", {"Retry-After": "10"})
            if len(self._items) >= self._most:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def remove(self, item: _Waiting) -> None:
        """Takes out a clip that nobody waits for, if it is still there."""
        with self._changed:
            if item in self._items:
                self._items.remove(item)

    def take(self, most: int) -> list[_Waiting]:
        """Up to `most` of the clips that have waited longest, as soon as there are any. Empty when all is over."""
        with self._changed:
            while True:
                while not self._closed and (left := self._delay_left(most)) != 0:
                    self._changed.wait(left)
                taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
                wanted = [item for item in taken if item.wanted]
                if wanted or self._closed:
                    return wanted

    def wait_for_close(self, seconds: float) -> bool:
        """Waits so long, unless all is over before that (true)."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def _delay_left(self, most: int) -> float | None:
        """The seconds for which more clips may still come; None if there is not even one."""
        if not self._items:
            return None
        return 0 if len(self._items) >= most else max(0, self._items[0].since + self._delay - time.monotonic())

    def close(self) -> list[_Waiting]:
        """Takes out all clips, for good."""
        with self._changed:
            self._closed = True
            left = list(self._items)
            self._items.clear()
            self._changed.notify_all()
            return left

    def __len__(self) -> int:
        return len(self._items)


class _Worker:
    """The thread that gives one engine its batches.

    An engine that is broken gets no more of them, so that it cannot spoil what another would answer, but a blank clip
    now and then, until it answers one.
    """

    def __init__(self, engine: Engine, queue: _Queue, max_batch: int, note_batch: Callable[[int], None]) -> None:
        self._engine = engine
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
        """What keeps the engine from answering, if anything does."""
        if not self._thread.is_alive():
            return f"the engine on {self._engine.device} has stopped"
        if (busy := self._busy()) > patience:
            return f"the engine on {self._engine.device} has made no progress for {busy:.1f} s"
        if self._broken:
            return f"the engine on {self._engine.device} fails; the log says why"
        return None

    def join(self, patience: float) -> None:
        """Waits for the end of the thread, which comes after its batch once the queue is closed, unless it is stuck."""
        self._thread.join(max(0, patience - self._busy()))

    @property
    def _broken(self) -> bool:
        return self._failures >= _FAILURES

    def _busy(self) -> float:
        """The seconds since the engine was given what it is at."""
        since = self._busy_since
        return 0 if since is None else time.monotonic() - since

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        if self._broken:
            return self._mended() or not self._queue.wait_for_close(_REST)
        batch = self._queue.take(self.max_batch)
        self._infer(batch)
        return bool(batch)

    def _infer(self, batch: list[_Waiting]) -> None:
        """Answers a batch. If that fails, smaller ones are tried, so that no clip pays for another."""
        batch = [item for item in batch if item.wanted]
        if not batch:
            return
        try:
            inferred = self._predict(batch)
        except (OutOfMemory, MemoryError) as error:
            self._halve(batch, error)
        except Exception as error:  # whatever it is, those who wait must hear of it, and the thread must go on
            self._retry_alone(batch, error)
        else:
            self._tell(_succeed, batch, inferred)

    def _predict(self, batch: list[_Waiting]) -> list[Inferred]:
        self._note_batch(len(batch))
        start = time.monotonic()
        logits = self._run(np.stack([item.frames for item in batch]))
        worked = time.monotonic() - start
        self.seconds += _SMOOTHING * (worked / len(batch) - self.seconds)
        return [Inferred(row, start - item.since, worked) for item, row in zip(batch, logits, strict=True)]

    def _run(self, frames: Frames) -> Logits:
        """The logits (B, K) of clips (B, F, H, W, 3). Raises what the engine does, or if they are no numbers."""
        self._busy_since = time.monotonic()
        try:
            logits = self._engine.predict(frames)
            if not np.isfinite(logits).all():
                raise ArithmeticError(f"the engine on {self._engine.device} gave logits that are not finite")
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
            _log.error("the engine on %s is broken", self._engine.device, exc_info=error)

    def _mended(self) -> bool:
        """Whether the engine, which was broken, answers again."""
        assert self._blank is not None
        try:
            self._run(self._blank)
        except Exception:  # it was logged when the engine broke
            return False
        _log.warning("the engine on %s answers again", self._engine.device)
        return True

    def _halve(self, batch: list[_Waiting], error: Exception) -> None:
        """Makes no batches of more than half of this one from now on, beginning with its own clips."""
        if len(batch) == 1:
            detail = f"the memory of {self._engine.device} does not hold one clip more: {error}"
            self._tell(_fail, batch, Problem("overloaded", detail, {"Retry-After": "10"}))
            return
        self.max_batch = len(batch) // 2
        _log.warning("%d clips do not fit on %s; %d from now on", len(batch), self._engine.device, self.max_batch)
        while batch:
            piece, batch = batch[: self.max_batch], batch[self.max_batch :]
            self._infer(piece)

    def _retry_alone(self, batch: list[_Waiting], error: Exception) -> None:
        if len(batch) == 1:
            self._tell(_fail, batch, error)
            return
        _log.warning("a batch of %d failed and is tried one by one: %s", len(batch), error)
        for item in batch:
            self._infer([item])

    def _tell(self, how: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(how, *arguments)


class Batcher:
    """Gives engines the decoded clips of many requests. Only good clips come in, so that none can spoil a batch."""

    def __init__(
        self,
        engines: Sequence[Engine],
        rules: Rules | None = None,
        note_batch: Callable[[int], None] = lambda clips: None,
    ) -> None:
        """`note_batch` is told, from any thread, how many clips each batch has."""
        self._rules = rules = rules or Rules()
        self._queue = _Queue(rules.max_queue, rules.delay)
        self._workers = [_Worker(engine, self._queue, rules.max_batch, note_batch) for engine in engines]

    async def infer(self, frames: Frames, timeout: float) -> Inferred:
        """The logits of one clip (F, H, W, 3). A caller that is cancelled takes its clip out of the queue.

        Raises the problems `overloaded` if the queue or the device is full, `deadline` after `timeout` seconds,
        `not-ready` when the service is being stopped, and whatever the engine raises at this clip alone.
        """
        now = time.monotonic()
        item = _Waiting(frames, now, now + timeout, asyncio.get_running_loop().create_future())
        if not self._queue.put(item):
            raise self._overloaded()
        try:
            await asyncio.wait([item.done], timeout=timeout)
            if not item.done.done():
                raise Problem("deadline", f"the engine had not answered after {timeout:g} s; the service is busy")
            return item.done.result()
        finally:
            item.done.cancel()
            self._queue.remove(item)

    @property
    def waiting(self) -> int:
        """Clips that no engine has taken yet."""
        return len(self._queue)

    @property
    def trouble(self) -> str | None:
        """Why no clip is being answered; None while at least one of the engines is well."""
        troubles = [worker.trouble(self._rules.patience) for worker in self._workers]
        return "; ".join(filter(None, troubles)) if all(troubles) else None

    async def close(self) -> None:
        """Stops each engine after the batch that it is at, unless it is stuck; who waits is told."""
        _fail(self._queue.close(), Problem("not-ready", "the service is being stopped", {"Retry-After": "10"}))
        for worker in self._workers:
            await asyncio.to_thread(worker.join, self._rules.patience)

    def _overloaded(self) -> Problem:
        seconds = sum(worker.seconds for worker in self._workers) / len(self._workers)
        wait = max(1, math.ceil(len(self._queue) * seconds / len(self._workers)))
        detail = f"{len(self._queue)} clips wait for the engine, the limit; try again in {wait} s"
        return Problem("overloaded", detail, {"Retry-After": str(wait)})


def _succeed(batch: list[_Waiting], inferred: list[Inferred]) -> None:
    for item, what in zip(batch, inferred, strict=True):
        if not item.done.done():
            item.done.set_result(what)


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for item in batch:
        if not item.done.done():
            item.done.set_exception(error)
