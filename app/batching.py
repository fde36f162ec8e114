"""Waiting clips -> batches: an idle engine starts at once with what is there, a busy one lets the queue grow.

Each engine has a thread of its own, and all take from the same queue. So an engine goes on with the next batch without
asking the event loop, and one that hangs keeps neither the loop nor the others.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.clip_queue import ClipQueue, Inferred, QueuedClip, reject
from app.engine_thread import EngineThread
from app.problems import Problem
from videoxception.clip import Frames
from videoxception.engine import Engine


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits of batching; times are in seconds.

    At most `max_batch` clips make a batch, and at most `max_queue` wait. An idle engine waits `delay` for more clips
    than the first. After `patience` at one batch, an engine counts as stuck.
    """

    max_batch: int = 32
    max_queue: int = 256
    delay: float = 0.0
    patience: float = 30.0


class Batcher:
    """Gives engines the decoded clips of many requests, in batches."""

    def __init__(
        self,
        engines: Sequence[Engine],
        rules: Rules | None = None,
        note_batch: Callable[[int], None] = lambda clips: None,
    ) -> None:
        """Create a batcher. `note_batch` is called with the number of clips of each batch, from any thread."""
        self._rules = rules = rules or Rules()
        self._queue = ClipQueue(rules.max_queue, rules.delay)
        self._threads = [EngineThread(engine, self._queue, rules.max_batch, note_batch) for engine in engines]

    async def infer(self, frames: Frames, timeout: float, *, window: bool = False) -> Inferred:
        """Return the logits of one clip (F, H, W, 3). A caller that is cancelled takes its clip out of the queue.

        A `window` of a long video gives way to other clips.
        Raise the problem `overloaded` if the queue or the device is full, `deadline` after `timeout` seconds,
        `not-ready` when the service is shutting down, and the engine's own error for this clip.
        """
        now = time.monotonic()
        item = QueuedClip(frames, now, now + timeout, asyncio.get_running_loop().create_future(), window)
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
    def engines(self) -> list[Engine]:
        """The engines that answer."""
        return [thread.engine for thread in self._threads]

    @property
    def waiting(self) -> int:
        """Clips that no engine has taken yet."""
        return len(self._queue)

    @property
    def idle(self) -> bool:
        """Whether no clip waits, and no engine is at one."""
        return self._queue.empty and all(thread.idle for thread in self._threads)

    @property
    def trouble(self) -> str | None:
        """Why no clip is being answered; None while at least one of the engines is well."""
        troubles = [thread.trouble(self._rules.patience) for thread in self._threads]
        return "; ".join(filter(None, troubles)) if all(troubles) else None

    async def close(self) -> None:
        """Stop each engine after its present batch, unless it is stuck; clips that wait get the problem `not-ready`."""
        reject(self._queue.close(), Problem("not-ready", "the service is shutting down", {"Retry-After": "10"}))
        for thread in self._threads:
            await asyncio.to_thread(thread.join, self._rules.patience)

    def _overloaded(self) -> Problem:
        """Return the problem of a full queue, with the time after which there should be room."""
        seconds = sum(thread.seconds for thread in self._threads) / len(self._threads)
        wait = max(1, math.ceil(len(self._queue) * seconds / len(self._threads)))
        detail = f"{len(self._queue)} clips wait for the engine, the limit; try again in {wait} s"
        return Problem("overloaded", detail, {"Retry-After": str(wait)})
