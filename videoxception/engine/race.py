"""Which of several ways to do the same work is the fastest: timed in turns, for a moment."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

WIN = 1.15  # how many times as fast as the usual way another must be, so that noise decides nothing
_SECONDS = 0.4  # after which no further round is begun
_ROUNDS = 7
_WAITING = 0.2  # share of the time; above it, the machine has too much else to do for times to mean anything

Way = TypeVar("Way")


def race(ways: Mapping[Way, Callable[[], object]], clock: Callable[[], float]) -> dict[Way, float]:
    """Return the least seconds that each way took by the clock; the first of them is the usual one.

    Whatever else a machine does only adds to a time, so that the least is nearest to the truth. A way that is behind
    the usual one after two rounds is not timed further.
    """
    usual, best, end = next(iter(ways)), dict.fromkeys(ways, math.inf), time.monotonic() + _SECONDS
    racing = list(ways)
    for count in range(_ROUNDS):
        for way in racing:
            start = clock()
            ways[way]()
            best[way] = min(best[way], clock() - start)
        if count > 0:
            racing = [way for way in racing if way == usual or best[way] < best[usual]]
        if len(racing) == 1 or time.monotonic() > end:
            break
    return best


def quiet_race(ways: Mapping[Way, Callable[[], object]]) -> dict[Way, float]:
    """Return what `race` does by the wall's clock; of the usual way alone if other programs kept the cores busy."""
    start, waited = time.monotonic(), _waiting()
    best = race(ways, time.perf_counter)
    disturbed = _waiting() - waited > _WAITING * (time.monotonic() - start)
    usual = next(iter(ways))
    return {usual: best[usual]} if disturbed else best


def winner(times: Mapping[Way, float]) -> Way:
    """Return the fastest way if it wins clearly, else the usual one, which is the first."""
    usual, fastest = next(iter(times)), min(times, key=times.__getitem__)
    return fastest if times[fastest] * WIN <= times[usual] else usual


def _waiting() -> float:
    """Return for how many seconds this process's threads were ready to run and had no core; 0 if Linux does not say."""
    nanoseconds = 0
    for task in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError, IndexError):  # the thread has ended
            nanoseconds += int(task.read_text().split()[1])
    return nanoseconds / 1e9
