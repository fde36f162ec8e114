"""The queue of decoded clips that wait for an engine: those of short videos, and behind them windows of long ones."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.problems import Problem
from videoxception.clip import Frames
from videoxception.engine.base import Logits, Precision

_PATIENCE = 1.0  # seconds without a batch of windows after which one goes before other clips


@dataclass(frozen=True, slots=True)
class Inferred:
    """The logits (K,) of one clip, and their precision; the seconds for which it waited and was worked on."""

    logits: Logits
    precision: Precision
    waited: float
    worked: float


@dataclass(frozen=True, slots=True, eq=False)
class QueuedClip:
    """A clip, the times (monotonic) at which it was queued and is given up, and the future of its logits.

    A window of a long video gives way to others.
    """

    frames: Frames = field(repr=False)  # (F, H, W, 3)
    since: float
    expires: float
    done: "asyncio.Future[Inferred]"
    window: bool = False

    @property
    def wanted(self) -> bool:
        """Whether the caller still waits."""
        return not self.done.done() and time.monotonic() < self.expires


class ClipQueue:
    """Clips that wait for the first engine that is free. Safe to use from any thread.

    Windows never share a batch with other clips, and get their turn when none waits: so a long video delays a short one
    by the batch that is under way. Where clips never cease to wait, windows still get a batch a second.
    """

    def __init__(self, most: int, delay: float) -> None:
        """Create a queue of at most `most` clips; fewer than a full batch wait for up to `delay` seconds.

        Windows are not counted: each long video has but a few on their way.
        """
        self._most = most
        self._delay = delay
        self._items: deque[QueuedClip] = deque()
        self._windows: deque[QueuedClip] = deque()
        self._last_windows = 0.0  # when some were taken
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: QueuedClip) -> bool:
        """Queue a clip; return false if there is no room. Raise the problem `not-ready` if the queue is closed."""
        with self._changed:
            if self._closed:
                raise Problem("not-ready", "the service is shutting down", {"Retry-After": "10"})
            if not item.window and len(self._items) >= self._most:
                return False
            self._lane_of(item).append(item)
            self._changed.notify_all()
            return True

    def remove(self, item: QueuedClip) -> None:
        """Take out a clip whose caller has gone, if it is still there."""
        with self._changed:
            lane = self._lane_of(item)
            if item in lane:
                lane.remove(item)

    def take(self, most: int, most_windows: int = 1) -> list[QueuedClip]:
        """Wait for clips and return up to `most`, or `most_windows`, of those that have waited longest.

        Return none once the queue is closed.
        """
        with self._changed:
            while True:
                while not self._closed and (left := self._delay_left(most)) != 0:
                    self._changed.wait(left)
                taken = self._take_windows(most_windows) if self._windows_are_next else _first(self._items, most)
                wanted = [item for item in taken if item.wanted]
                if wanted or self._closed:
                    return wanted

    def _take_windows(self, most: int) -> list[QueuedClip]:
        self._last_windows = time.monotonic()
        return _first(self._windows, most)

    def wait_for_close(self, seconds: float) -> bool:
        """Wait for so many seconds, or until the queue is closed; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def _delay_left(self, most: int) -> float | None:
        """Return the seconds for which more clips may still come; None if there is not even one."""
        if self._windows_are_next:
            return 0
        if not self._items:
            return None
        return 0 if len(self._items) >= most else max(0, self._items[0].since + self._delay - time.monotonic())

    def close(self) -> list[QueuedClip]:
        """Close the queue and return the clips that were in it."""
        with self._changed:
            self._closed = True
            left = [*self._items, *self._windows]
            self._items.clear()
            self._windows.clear()
            self._changed.notify_all()
            return left

    def _lane_of(self, item: QueuedClip) -> deque[QueuedClip]:
        return self._windows if item.window else self._items

    @property
    def _windows_are_next(self) -> bool:
        if not self._windows:
            return False
        return not self._items or time.monotonic() > max(self._windows[0].since, self._last_windows) + _PATIENCE

    @property
    def empty(self) -> bool:
        """Whether nothing waits, windows included."""
        return not self._items and not self._windows

    def __len__(self) -> int:
        return len(self._items)


def _first(lane: deque[QueuedClip], most: int) -> list[QueuedClip]:
    return [lane.popleft() for _ in range(min(most, len(lane)))]


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
