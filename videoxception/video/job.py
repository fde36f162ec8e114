"""A file to decode: what is asked for, how far it has come, and the future of its clip."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import BinaryIO

from videoxception.clip import Clip, ClipSpec
from videoxception.video.errors import Stopped
from videoxception.video.limits import Limits
from videoxception.video.window_clips import WindowClip
from videoxception.windows import Asked

_LOOK_SECONDS = 0.1  # between looks at whether the caller has stopped while there is no room


class Inbox:
    """Where a job's window clips go: `asked` windows, each handed to `take`, from the pool's thread.

    No more than `room` are on their way; whoever takes them calls `release` when one is done with. So the decoder waits
    for the engine, and the engine for the client.
    """

    def __init__(self, asked: Asked, take: Callable[[WindowClip], None], room: int) -> None:
        self.asked = asked
        self.delivered = 0
        self._take = take
        self._room = threading.Semaphore(room)

    def release(self) -> None:
        """Make room for one more."""
        self._room.release()

    def deliver(self, clip: WindowClip, stopped: threading.Event) -> None:
        """Hand on a clip as soon as there is room. Raise `Stopped` if the caller stops before."""
        while not self._room.acquire(timeout=_LOOK_SECONDS):
            if stopped.is_set():
                raise Stopped("the caller stopped the decoding")
        self._take(clip)
        self.delivered += 1


class Job:
    """A file that is being decoded, or waits for it; with an inbox, its windows' clips are wanted too.

    It may have limits of its own, instead of the pool's.
    """

    def __init__(
        self, file: BinaryIO, spec: ClipSpec, inbox: Inbox | None = None, limits: Limits | None = None
    ) -> None:
        self.file = file
        self.spec = spec
        self.inbox = inbox
        self.limits = limits
        self.asked = time.monotonic()
        self.started: float | None = None  # when a process took it
        self.expensive = False  # more work than the reserved process takes
        self.tries = 0  # by processes that had begun with it
        self.handovers = 0  # to processes, begun or not
        self.stopped = threading.Event()
        self.done: Future[Clip] = Future()
        self.done.set_running_or_notify_cancel()  # `DecoderPool.stop` is the way to end a job, not `Future.cancel`

    def fail(self, error: Exception) -> None:
        """End the job with an error."""
        self.done.set_exception(error)
