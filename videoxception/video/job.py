"""A file to decode: what is asked for, how far it has come, and the future of its clip."""

import threading
import time
from concurrent.futures import Future
from typing import BinaryIO

from videoxception.clip import Clip, ClipSpec


class Job:
    """A file that is being decoded, or waits for it."""

    def __init__(self, file: BinaryIO, spec: ClipSpec) -> None:
        self.file = file
        self.spec = spec
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
