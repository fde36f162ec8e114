"""Load: requests sent by a number of concurrent senders, when each is due, and its outcome.

Closed loop: every sender sends its next request when it has its answer. Open loop: requests are due at moments that do
not depend on answers, as with independent clients, and latency counts from then, even if no sender was free.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.service.client import Connection, Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request, and the moment when it is due (of `time.monotonic`); None for as soon as a sender is free."""

    request: Request
    due: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """When a request was due and answered, and its HTTP status; 0 if there was no answer."""

    due: float
    done: float
    status: int

    @property
    def seconds(self) -> float:
        """The latency that the client sees."""
        return self.done - self.due


def passes(items: Sequence[T], seed: int) -> Iterator[T]:
    """Yield all items again and again, each time in another order; the same for a seed."""
    rng = random.Random(seed)
    while True:
        yield from rng.sample(items, len(items))


def closed_loop(requests: Sequence[Request], seconds: float, seed: int) -> Iterator[Arrival]:
    """Yield whole passes over the requests, begun within `seconds`, so that all contestants get the same mixture."""
    end, endless = time.monotonic() + seconds, passes(requests, seed)
    while time.monotonic() < end:
        for _ in requests:
            yield Arrival(next(endless))


def open_loop(requests: Sequence[Request], rate: float, number: int, seed: int) -> Iterator[Arrival]:
    """Yield a Poisson process: `number` requests, `rate` a second on average."""
    rng, due = random.Random(seed), time.monotonic()
    for request, _ in zip(passes(requests, seed), range(number), strict=False):
        due += rng.expovariate(rate)
        yield Arrival(request, due)


def drive(
    port: int, arrivals: Iterator[Arrival], senders: int, note: Callable[[Outcome], None] = lambda outcome: None
) -> list[Outcome]:
    """Send all requests; return outcomes in order of completion. `note` is called with each, from any thread."""
    outcomes: list[Outcome] = []
    lock = threading.Lock()

    def take() -> Arrival | None:
        with lock:
            return next(arrivals, None)

    def send_all() -> None:
        with Connection(port) as connection:
            while (arrival := take()) is not None:
                outcome = _send(connection, arrival)
                outcomes.append(outcome)
                note(outcome)

    threads = [threading.Thread(target=send_all, daemon=True) for _ in range(senders)]  # so that an interrupt ends them
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _send(connection: Connection, arrival: Arrival) -> Outcome:
    due = time.monotonic() if arrival.due is None else arrival.due
    time.sleep(max(0.0, due - time.monotonic()))
    try:
        status = connection.send(arrival.request).status
    except OSError:
        status = 0
    return Outcome(due, time.monotonic(), status)
