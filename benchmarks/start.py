"""Time from the service's start until it is ready: without and with a cached compiled model.

    python -m benchmarks.start [--rounds 7]

The clock runs from the start of the process to the first 200 of /readyz.
"""

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.goals import Goal, goal_table
from benchmarks.service.__main__ import newest
from benchmarks.service.client import Request
from benchmarks.service.contestants import Contestant, contestants
from benchmarks.service.machine import machine
from benchmarks.service.running import exit_on_sigterm, run

_READY = Request("readyz", b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


def starts(contestant: Contestant, rounds: int) -> tuple[list[float], list[float]]:
    """Measure the seconds of the first start with an empty cache and of the second, `rounds` times alternately."""
    first, second = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            caching = replace(contestant, settings={**contestant.settings, "VX_CACHE_DIR": cache})
            for found in (first, second):
                with run(caching, _READY) as running:
                    found.append(running.start)
    return first, second


def goals(first: Sequence[float], second: Sequence[float]) -> list[Goal]:
    """Return the medians with their targets."""
    return [
        Goal("first start, median seconds", statistics.median(first), 2.0, at_most=True),
        Goal("second start, median seconds", statistics.median(second), 1.0, at_most=True),
    ]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    exit_on_sigterm()
    print(machine(None), flush=True)
    (ours,) = contestants(newest(), None)
    first, second = starts(ours, options.rounds)
    for what, seconds in (("first", first), ("second", second)):
        print(f"{what} start: {', '.join(f'{value:.2f}' for value in sorted(seconds))} s")
    print(f"\n{goal_table('goal', goals(first, second))}")


if __name__ == "__main__":
    main()
