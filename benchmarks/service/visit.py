"""One contestant, from its start to its end: its answers, then its closed loops, then its open ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.service.agreement import Answer, ask
from benchmarks.service.client import Request
from benchmarks.service.contestants import OURS, Contestant
from benchmarks.service.load import Arrival, closed_loop, drive, open_loop
from benchmarks.service.measuring import Measurement, measure
from benchmarks.service.running import Running, run

_OPEN_SENDERS = 64  # requests in flight at a time; later ones wait, and that counts
_WARMING = 4  # senders


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured, and for how long.

    Closed loops with `senders` senders each, for `closed` seconds and to the end of a pass over the files; then open
    loops at `shares` of the best closed loop's throughput, for `opened` seconds, three times as long for this service,
    whose 99th percentile has goals. Then `rounds` paired rounds of ceiling, this service and its nearest peer. Every
    `nth` file is used.
    """

    senders: tuple[int, ...]
    shares: tuple[float, ...]
    closed: float
    opened: float
    rounds: int
    nth: int


USUAL = Plan((1, 2, 4, 8, 16), (0.45, 0.7, 0.9), closed=6, opened=16, rounds=3, nth=1)
QUICK = Plan((1, 8), (0.45, 0.7), closed=1, opened=2, rounds=1, nth=3)


@dataclass(frozen=True, slots=True)
class Visit:
    """A contestant's answers and figures; `start` is in seconds, to its first answer."""

    contestant: str
    start: float
    answers: dict[str, Answer]
    measurements: list[Measurement]

    @property
    def best(self) -> Measurement:
        """The closed loop with the highest throughput."""
        return max((m for m in self.measurements if m.loop == "closed"), key=lambda m: m.throughput)

    def at(self, loop: str, load: float) -> Measurement | None:
        """Return the measurement of a load, if there is one."""
        return next((m for m in self.measurements if (m.loop, m.load) == (loop, load)), None)


def visit(contestant: Contestant, requests: Sequence[Request], plan: Plan) -> Visit:
    """Measure a contestant and print each figure as it comes. Raises `NotRunning`, and `RuntimeError` if it fails."""
    with run(contestant, requests[0]) as running:
        print(f"\n{contestant.name}: first answer after {running.start:.1f} s", flush=True)
        seen = Visit(contestant.name, running.start, ask(running.port, requests), [])
        warm_up(running, requests)
        for senders in plan.senders:
            _note(seen, measure(running, "closed", senders, closed_loop(requests, plan.closed, 0), senders))
        seconds = plan.opened * (3 if contestant.name == OURS else 1)
        for share in plan.shares:
            rate = share * seen.best.throughput
            arrivals = open_loop(requests, rate, max(len(requests), round(rate * seconds)), 0)
            _note(seen, measure(running, "open", share, arrivals, _OPEN_SENDERS))
    return seen


def warm_up(running: Running, requests: Sequence[Request]) -> None:
    """Send all files once, so that what is set up at the first batch is not measured."""
    drive(running.port, (Arrival(request) for request in requests), _WARMING)


def _note(seen: Visit, measured: Measurement) -> None:
    seen.measurements.append(measured)
    print(
        f"  {measured.shown_load}: {measured.throughput:.2f} answers/s, p50 {measured.p50:.0f} ms,"
        f" p99 {measured.p99:.0f} ms, {measured.cpu:.0f} CPU ms an answer, {measured.errors} errors",
        flush=True,
    )
