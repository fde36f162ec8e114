"""Admission control: at most so many requests with a video, and so many bytes of uploads, at a time.

The rest are refused with a `Retry-After`.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.problems import Problem


class Reservation:
    """One request's share of both limits: one of the requests, and the bytes of its upload so far."""

    def __init__(self, admission: "Admission") -> None:
        self._admission = admission
        self.bytes = 0

    def hold(self, size: int) -> None:
        """Reserve memory for an upload of `size` bytes in all. Raise the problem `overloaded` if there is none left."""
        if size > self.bytes:
            self._admission.take(size - self.bytes)
            self.bytes = size


class Admission:
    """Counts the requests and bytes in flight. `backlog` gives the seconds that the waiting work will take."""

    def __init__(self, most: int, most_bytes: int, backlog: Callable[[], float]) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._backlog = backlog
        self.in_flight = 0
        self.bytes = 0

    @contextmanager
    def enter(self) -> Iterator[Reservation]:
        """Reserve room for one request while the context lasts. Raise the problem `overloaded` if there is none."""
        if self.in_flight >= self._most:
            raise self._overloaded(f"{self.in_flight} requests are being answered, the limit")
        self.in_flight += 1
        reservation = Reservation(self)
        try:
            yield reservation
        finally:
            self.in_flight -= 1
            self.bytes -= reservation.bytes

    def take(self, size: int) -> None:
        """Count `size` more bytes. Raise the problem `overloaded` if that is over the limit."""
        if self.bytes + size > self._most_bytes:
            raise self._overloaded(f"uploads of {self.bytes // 2**20} MiB are being answered, near the limit")
        self.bytes += size

    def _overloaded(self, what: str) -> Problem:
        wait = max(1, math.ceil(self._backlog()))
        return Problem("overloaded", f"{what}; try again in {wait} s", {"Retry-After": str(wait)})
