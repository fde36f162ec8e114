"""Paired measurements of close contestants: one right after the other, several times, while both services are up.

The services that are not being measured are paused: some poll for work, which would take CPU time from the others.
"""

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.service.ceiling import ceiling
from benchmarks.service.client import Request
from benchmarks.service.contestants import Contestant
from benchmarks.service.load import closed_loop
from benchmarks.service.measuring import Measurement, measure
from benchmarks.service.running import Running, run
from benchmarks.service.usage import tree
from benchmarks.service.visit import Plan, warm_up

CEILING = "ceiling: no HTTP"


@dataclass(frozen=True, slots=True)
class Turn:
    """Answers a second, and CPU milliseconds an answer."""

    name: str
    throughput: float
    cpu: float


Round = list[Turn]
"""One turn of each: the ceiling first, then this service, then its peer if there is one."""


def measure_rounds(
    sides: Sequence[tuple[Contestant, int]], paths: Sequence[Path], requests: Sequence[Request], model: str, plan: Plan
) -> list[Round]:
    """Measure rounds of the ceiling and each contestant with its number of senders. Raises `NotRunning`."""
    rounds: list[Round] = []
    with ExitStack() as up:
        running = [(up.enter_context(run(contestant, requests[0])), senders) for contestant, senders in sides]
        for each, _ in running:
            warm_up(each, requests)
        for number in range(plan.rounds):
            with paused(each for each, _ in running):
                turns = [_ceiling(paths, model, plan)]
            for each, senders in running:
                with paused(other for other, _ in running if other is not each):
                    turns.append(_turn(each, senders, requests, plan, number))
            print("  " + ", ".join(f"{turn.name} {turn.throughput:.2f}/s" for turn in turns), flush=True)
            rounds.append(turns)
    return rounds


@contextmanager
def paused(services: Iterable[Running]) -> Iterator[None]:
    """Stop all processes of the services (SIGSTOP), and continue them when the context ends."""
    stopped = [pid for service in services for pid in tree(service.pid)]
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def ratio(rounds: Sequence[Round], over: str, under: str) -> float | None:
    """Return the median of the rounds' ratios of two throughputs; None if one of them is missing."""
    by_name = [{turn.name: turn.throughput for turn in turns} for turns in rounds]
    ratios = [turns[over] / turns[under] for turns in by_name if over in turns and under in turns]
    return median(ratios) if ratios else None


def _ceiling(paths: Sequence[Path], model: str, plan: Plan) -> Turn:
    found = ceiling(paths, plan.closed, model)
    return Turn(CEILING, found["answers"] / found["seconds"], found["cpu"] * 1e3 / found["answers"])


def _turn(running: Running, senders: int, requests: Sequence[Request], plan: Plan, seed: int) -> Turn:
    measured: Measurement = measure(running, "closed", senders, closed_loop(requests, plan.closed, seed), senders)
    return Turn(running.name, measured.throughput, measured.cpu)
