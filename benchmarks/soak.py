"""A soak test of the service: its memory and latency over tens of thousands of answers at a steady load.

    python -m benchmarks.soak --files DIR [--answers 50000] [--load 0.7] [--json FILE]

The load is a share of the throughput that a closed loop reaches first; requests come at random moments (Poisson).
Memory is the anonymous memory of the service and its decoders. Its growth is the median slope between all pairs of
samples (Theil-Sen), which is robust against decoders being replaced.
"""

import argparse
import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.goals import Goal, goal_table
from benchmarks.service.__main__ import newest, videos
from benchmarks.service.client import Request, prepare
from benchmarks.service.contestants import contestants
from benchmarks.service.load import Outcome, closed_loop, drive, open_loop
from benchmarks.service.machine import machine
from benchmarks.service.measuring import measure, percentiles
from benchmarks.service.running import Running, exit_on_sigterm, run
from benchmarks.service.usage import memory

_SETTLING = 5000  # answers after which memory should not grow
_LOOKS = 500  # samples of memory over the whole run
_SENDERS = 64
_PROBE = 10.0  # seconds of the closed loop that measures the highest throughput
_PROBERS = 8  # its senders
_STEADY = 1.25  # largest ratio of the last p99 to the first that counts as stable

Look = tuple[int, int]
"""(answers so far, bytes of memory at that moment)."""


class Log:
    """Counts outcomes as they come, samples memory, and prints progress."""

    def __init__(self, running: Running, answers: int) -> None:
        self._pid = running.pid
        self._answers = answers
        self._every = max(1, answers // _LOOKS)
        self._counting = threading.Lock()
        self._count = 0
        self.looks: list[Look] = []

    def note(self, outcome: Outcome) -> None:
        """Count an outcome; called after each, from any thread."""
        with self._counting:
            self._count += 1
            count = self._count
        if count % self._every == 0:
            self.looks.append((count, memory(self._pid)))
        if count % max(1, self._answers // 20) == 0:
            print(f"  {count} of {self._answers} answers, {self.looks[-1][1] / 2**20:.1f} MiB", flush=True)


def soak(running: Running, requests: Sequence[Request], answers: int, load: float) -> tuple[list[Outcome], list[Look]]:
    """Run all requests; return their outcomes and the samples of memory."""
    best = measure(running, "closed", _PROBERS, closed_loop(requests, _PROBE, 0), _PROBERS).throughput
    rate = load * best
    print(f"{best:.1f} answers/s at most; {rate:.1f}/s now, for about {answers / rate / 60:.0f} minutes", flush=True)
    log = Log(running, answers)
    outcomes = drive(running.port, open_loop(requests, rate, answers, 0), _SENDERS, log.note)
    return outcomes, log.looks


def growth(looks: Sequence[Look], settling: int = _SETTLING) -> float | None:
    """Return the growth in bytes an answer after `settling` answers; None with fewer than two samples there."""
    counts, sizes = np.array([look for look in looks if look[0] >= settling], float).reshape(-1, 2).T
    first, second = np.triu_indices(len(counts), 1)
    slopes = (sizes[second] - sizes[first]) / (counts[second] - counts[first])
    return float(np.median(slopes)) if len(slopes) else None


def tails(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Return p99 of the first and of the last tenth of the answers, in seconds."""
    seconds = [outcome.seconds for outcome in sorted(outcomes, key=lambda outcome: outcome.due)]
    tenth = max(1, len(seconds) // 10)
    return percentiles(seconds[:tenth])[2], percentiles(seconds[-tenth:])[2]


def goals(outcomes: Sequence[Outcome], looks: Sequence[Look]) -> list[Goal]:
    """Return the goals of a service that can run indefinitely."""
    first, last = tails(outcomes)
    errors = sum(outcome.status != 200 for outcome in outcomes)
    return [
        Goal("answers", len(outcomes), 50_000),
        Goal("errors", errors, 0, at_most=True),
        Goal(f"growth after {_SETTLING} answers, bytes an answer", growth(looks), 100, at_most=True),
        Goal("p99 of the last tenth / of the first", last / first, _STEADY, at_most=True),
    ]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="+", required=True, metavar="DIR", help="folders of videos")
    parser.add_argument("--answers", type=int, default=50_000)
    parser.add_argument("--load", type=float, default=0.7, help="share of the closed loop's throughput")
    parser.add_argument("--json", type=Path, default=Path("soak.json"), metavar="FILE", help="default: soak.json")
    options = parser.parse_args()
    exit_on_sigterm()
    requests, begun = [prepare(path) for path in videos(options.files)], time.monotonic()
    print(machine(None), flush=True)
    (ours,) = contestants(newest(), None)
    with run(ours, requests[0]) as running:
        outcomes, looks = soak(running, requests, options.answers, options.load)
    reached, (first, last) = goals(outcomes, looks), tails(outcomes)
    figures = {"goals": [(goal.what, goal.value, goal.outcome) for goal in reached], "p99": (first, last)}
    options.json.write_text(json.dumps(figures | {"memory": looks}, indent=1))
    print(f"\np99 {first * 1e3:.0f} ms in the first tenth, {last * 1e3:.0f} ms in the last\n")
    print(f"{goal_table('goal', reached)}\n\n{time.monotonic() - begun:.0f} s; written to {options.json}")


if __name__ == "__main__":
    main()
