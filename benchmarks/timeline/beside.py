"""A long film posted beside short clips: what it does to their latency.

    python -m benchmarks.timeline.beside --files DIR [DIR ...] [--hours 2] [--answers 500] [--rounds 2]

Short clips come at random moments (Poisson) at a share of the throughput of a closed loop, alone and beside the film,
in turns; the film is posted anew for each turn.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.service.__main__ import videos
from benchmarks.service.client import Request, prepare
from benchmarks.service.contestants import contestants
from benchmarks.service.load import closed_loop, drive, open_loop
from benchmarks.service.machine import machine
from benchmarks.service.measuring import measure, percentiles
from benchmarks.service.running import Running, exit_on_sigterm, run
from benchmarks.timeline.phone import phone_video
from benchmarks.timeline.post import lines

_BIT_RATE = 1_200_000
_PROBE, _PROBERS, _SENDERS = 10.0, 4, 32


class Film:
    """A film that is being posted, in a thread; a context manager that goes away at its end."""

    def __init__(self, running: Running, path: Path) -> None:
        self._running, self._path = running, path
        self._begun, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._post)
        self.segments = 0

    def _post(self) -> None:
        for said in lines(self._running.port, self._path, 3.0, 1.0):
            self.segments += said["type"] == "segment"
            self._begun.set()
            if self._over.is_set():
                return

    def __enter__(self) -> "Film":
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()


def latencies(running: Running, requests: Sequence[Request], rate: float, answers: int, seed: int) -> list[float]:
    """Return the seconds of each answer. Raises `RuntimeError` if one of them failed."""
    outcomes = drive(running.port, open_loop(requests, rate, answers, seed), _SENDERS)
    if any(outcome.status != 200 for outcome in outcomes):
        raise RuntimeError("a short clip got no answer")
    return [outcome.seconds for outcome in outcomes]


def row(what: str, seconds: Sequence[float]) -> str:
    """Return a row of the table."""
    return f"| {what} | {len(seconds)} | " + " | ".join(f"{1e3 * part:.0f}" for part in percentiles(seconds)) + " |"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="+", required=True, metavar="DIR", help="folders of short clips")
    parser.add_argument("--model", default="videoxception-c", metavar="NAME[@V]")
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--answers", type=int, default=500, help="of each turn")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--load", type=float, default=0.3, help="share of the closed loop's throughput")
    options = parser.parse_args()
    exit_on_sigterm()
    print(machine(None), flush=True)
    requests = [prepare(path) for path in videos(options.files)]
    (ours,) = contestants(options.model, None)
    alone, beside, done = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        film = phone_video(Path(folder) / "film.mp4", options.hours * 60, _BIT_RATE)
        print(f"the film has {film.stat().st_size / 2**20:.0f} MiB", flush=True)
        with run(ours, requests[0]) as running:
            best = measure(running, "closed", _PROBERS, closed_loop(requests, _PROBE, 0), _PROBERS).throughput
            rate = options.load * best
            print(f"{best:.1f} answers/s at most; {rate:.1f}/s now", flush=True)
            for number in range(options.rounds):
                alone += latencies(running, requests, rate, options.answers, number)
                with Film(running, film) as posted:
                    before, start = posted.segments, time.monotonic()
                    beside += latencies(running, requests, rate, options.answers, number)
                    done.append((posted.segments - before) / (time.monotonic() - start))
            print("\n| short clips | answers | p50, ms | p95, ms | p99, ms |\n| --- | --- | --- | --- | --- |")
            print(f"{row('alone', alone)}\n{row('beside the film', beside)}")
            print(f"\nthe film went on by {statistics.mean(done):.1f} windows/s meanwhile", flush=True)


if __name__ == "__main__":
    main()
