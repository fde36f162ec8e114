"""The queue of decoded clips that wait for an engine."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.problems import Problem
from videoxception.clip import Frames
from videoxception.engine.base import Logits


@dataclass(frozen=True, slots=True)
class Inferred:
    """The logits (K,) of one clip, and the seconds for which it waited and was worked on."""

    logits: Logits
    waited: float
    worked: float


@dataclass(frozen=True, slots=True, eq=False)
class QueuedClip:
    """A clip, the times (monotonic) at which it was queued and is given up, and the future of its logits."""

    frames: Frames = field(repr=False)  # (F, H, W, 3)
    since: float
    expires: float
    done: "asyncio.Future[Inferred]"

    @property
    def wanted(self) -> bool:
        """Whether the caller still waits."""
        return not self.done.done() and time.monotonic() < self.expires


class ClipQueue:
    """Clips that wait for the first engine that is free. Safe to use from any thread."""

    def __init__(self, most: int, delay: float) -> None:
        """Create a queue of at most `most` clips; fewer than a full batch wait for up to `delay` seconds."""
        self._most = most
        self._delay = delay
        self._items: deque[QueuedClip] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: QueuedClip) -> bool:
        """Queue a clip; return false if there is no room. Raise the problem `not-ready` if the queue is closed."""
        with self._changed:
            if self._closed:
                raise Problem("not-ready", "the service is shutting down", {"Retry-After": "10"})
            if len(self._items) >= self._most:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def remove(self, item: QueuedClip) -> None:
        """Take out a clip whose caller has gone, if it is still there."""
        with self._changed:
            if item in self._items:
                self._items.remove(item)

    def take(self, most: int) -> list[QueuedClip]:
        """Wait for clips and return up to `most` of those that have waited longest; none once the queue is closed."""
        with self._changed:
            while True:
                while not self._closed and (left := self._delay_left(most)) != 0:
                    self._changed.wait(left)
                taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
                wanted = [item for item in taken if item.wanted]
                if wanted or self._closed:
                    return wanted

    def wait_for_close(self, seconds: float) -> bool:
        """Wait for so many seconds, or until the queue is closed; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def _delay_left(self, most: int) -> float | None:
        """Return the seconds for which more clips may still come; None if there is not even one."""
        if not self._items:
            return None
        return 0 if len(self._items) >= most else max(0, self._items[0].since + self._delay - time.monotonic())

    def close(self) -> list[QueuedClip]:
        """Close the queue and return the clips that were in it."""
        with self._changed:
            self._closed = True
            left = list(self._items)
            self._items.clear()
            self._changed.notify_all()
            return left

    def __len__(self) -> int:
        return len(self._items)


def resolve(batch: Sequence[QueuedClip], inferred: Sequence[Inferred]) -> None:
    """Give each clip's caller its logits. Called from the event loop only."""
    for item, what in zip(batch, inferred, strict=True):
        if not item.done.done():
            item.done.set_result(what)


def reject(batch: Sequence[QueuedClip], error: Exception) -> None:
    """Raise an error in each clip's caller. Called from the event loop only."""
    for item in batch:
        if not item.done.done():
            item.done.set_exception(error)
