"""Who may come in: a bounded number of requests with a video at a time; the rest are told when to come back."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.problems import Problem

_SMOOTHING = 0.1  # weight of the newest request in the running mean of the time that one takes


class Admission:
    """Counts the requests in flight."""

    def __init__(self, most: int, workers: int) -> None:
        self._most = most
        self._workers = workers
        self._seconds = 0.1  # running mean of what a request takes
        self.in_flight = 0

    @contextmanager
    def enter(self) -> Iterator[None]:
        """A place for one request. Raises the problem `overloaded`, with Retry-After, if there is none."""
        if self.in_flight >= self._most:
            wait = max(1, math.ceil(self.in_flight * self._seconds / self._workers))
            detail = f"{self.in_flight} requests are being answered, the limit; try again in {wait} s"
            raise Problem("overloaded", detail, {"Retry-After": str(wait)})
        self.in_flight += 1
        start = time.monotonic()
        try:
            yield
        finally:
            self.in_flight -= 1
            self._seconds += _SMOOTHING * (time.monotonic() - start - self._seconds)
