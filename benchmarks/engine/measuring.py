"""Measuring in rounds: each method once at each batch size, one after the other."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.engine.methods import METHODS, PEERS, export_plain
from benchmarks.engine.report import Times
from benchmarks.engine.runner import Missing, Runner
from videoxception.store import Release

BATCHES = (1, 8)


def measure(release: Release, peers: str | None, rounds: int) -> tuple[Times, dict[str, float]]:
    """Measure every method at every batch size; return the times and each one's largest golden-logit error."""
    with _runners(release, peers) as ready:
        runners = {name: runner for name, (runner, _) in ready.items()}
        times: dict[tuple[str, int], list[float]] = {(name, batch): [] for name in runners for batch in BATCHES}
        for _ in range(rounds):
            for (name, batch), seconds in times.items():
                seconds.append(runners[name].run(batch))
        return times, {name: off for name, (_, off) in ready.items()}


@contextmanager
def _runners(release: Release, peers: str | None) -> Iterator[dict[str, tuple[Runner, float]]]:
    """Yield the available methods, warmed up, with their golden-logit errors. Prints why others are unavailable."""
    ready: dict[str, tuple[Runner, float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        export_plain(release, folder)
        for name in METHODS:
            python = peers if name in PEERS else sys.executable
            if python is None:
                continue
            runner = stack.enter_context(Runner(python, name, release, folder))
            try:
                ready[name] = (runner, _warm(runner))
                print(f"  {name} is ready", flush=True)
            except Missing as reason:
                print(f"  {name}: not measured: {reason}", flush=True)
        yield ready


def _warm(runner: Runner) -> float:
    """Run every batch size once; return the largest error of a golden logit."""
    off = runner.first()
    for batch in BATCHES:
        runner.run(batch)
    return off
