"""Waiting clips -> batches: an idle engine starts at once with what is there, a busy one lets the queue grow."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from videoxception.clip import Frames
from videoxception.engine import Engine
from videoxception.engine.base import Logits


@dataclass(frozen=True, slots=True)
class Inferred:
    """The logits (K,) of one clip, and the seconds that it waited and was worked on."""

    logits: Logits
    waited: float
    worked: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    frames: Frames  # (F, H, W, 3)
    since: float
    done: "asyncio.Future[Inferred]"


class Batcher:
    """Gives one engine the decoded clips of many requests. Only good clips come in, so that none can spoil a batch."""

    def __init__(self, engine: Engine, max_batch: int) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._worker = asyncio.create_task(self._work())

    async def infer(self, frames: Frames) -> Inferred:
        """The logits of one clip (F, H, W, 3). A caller that is cancelled takes its clip out of the queue."""
        done: asyncio.Future[Inferred] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(frames, time.monotonic(), done))
        return await done

    @property
    def alive(self) -> bool:
        """Whether the worker still takes clips."""
        return not self._worker.done()

    async def close(self) -> None:
        """Stops the worker after the batch that it is at; who waits is told."""
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        while not self._queue.empty():
            _fail([self._queue.get_nowait()], RuntimeError("the batcher was closed"))
        self._thread.shutdown()

    async def _work(self) -> None:
        while True:
            waiting = [await self._queue.get()]
            while len(waiting) < self._max_batch and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            batch = [item for item in waiting if not item.done.done()]
            try:
                if batch:
                    await self._infer(batch)
            except asyncio.CancelledError:
                _fail(batch, RuntimeError("the batcher was closed"))
                raise
            except Exception as error:  # whatever it is, those who wait must hear of it, and the worker must go on
                _fail(batch, error)

    async def _infer(self, batch: list[_Waiting]) -> None:
        start = time.monotonic()
        frames = np.stack([item.frames for item in batch])  # (B, F, H, W, 3)
        logits = await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.predict, frames)
        worked = time.monotonic() - start
        for item, row in zip(batch, logits, strict=True):
            if not item.done.done():
                item.done.set_result(Inferred(row, start - item.since, worked))


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for item in batch:
        if not item.done.done():
            item.done.set_exception(error)
