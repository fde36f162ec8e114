"""How much is measured, and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Closed loops with so many senders, for `closed` seconds and to the end of a pass over the files; then open loops
    at these shares of the best closed loop's throughput, for `opened` seconds, three times as long for this service,
    whose 99th percentile has goals. `rounds` of ceiling, this service and its nearest peer, one after the other. Of the
    files, every `nth` is used.
    """

    senders: tuple[int, ...]
    shares: tuple[float, ...]
    closed: float
    opened: float
    rounds: int
    nth: int


USUAL = Plan((1, 2, 4, 8, 16), (0.45, 0.7, 0.9), closed=6, opened=16, rounds=3, nth=1)
QUICK = Plan((1, 8), (0.45, 0.7), closed=1, opened=2, rounds=1, nth=3)
