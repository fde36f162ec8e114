"""The figures of a service under a load."""

import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.service.load import Arrival, Outcome, drive
from benchmarks.service.running import Running
from benchmarks.service.usage import Watch, cpu_seconds

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Measurement:
    """A contestant's figures under one load.

    `load` is the number of senders of a closed loop, or the share of the best closed loop's throughput at which
    requests came in an open one. Times are in milliseconds, `peak` (memory) in MiB; CPU times are per answer, and
    `client_cpu` is what sending took. Latencies are of answers alone, and `throughput` counts only them.
    """

    contestant: str
    loop: str  # "closed" or "open"
    load: float
    answers: int
    errors: int
    throughput: float
    p50: float
    p95: float
    p99: float
    cpu: float
    client_cpu: float
    peak: float

    @property
    def shown_load(self) -> str:
        """The load as text."""
        return f"closed, {self.load:.0f} senders" if self.loop == "closed" else f"open, {self.load:.0%}"


def measure(running: Running, loop: str, load: float, arrivals: Iterator[Arrival], senders: int) -> Measurement:
    """Run one load to its end. Raises `RuntimeError` if no request succeeded."""
    with Watch(running.pid) as watch:
        used, own = cpu_seconds(running.pid), _own_cpu()
        outcomes = drive(running.port, arrivals, senders)
        used, own = cpu_seconds(running.pid) - used, _own_cpu() - own
    return summary(running.name, loop, load, outcomes, used, own, watch.peak)


def summary(
    contestant: str, loop: str, load: float, outcomes: Sequence[Outcome], cpu: float, client_cpu: float, peak: int
) -> Measurement:
    """Summarise a load that took `cpu` and `client_cpu` CPU seconds and at most `peak` bytes."""
    good = [outcome for outcome in outcomes if outcome.status == 200]
    if not good:
        raise RuntimeError(f"{contestant} answered none of {len(outcomes)} requests")
    p50, p95, p99 = percentiles([outcome.seconds for outcome in good])
    seconds = max(outcome.done for outcome in outcomes) - min(outcome.due for outcome in outcomes)
    return Measurement(
        contestant=contestant,
        loop=loop,
        load=load,
        answers=len(good),
        errors=len(outcomes) - len(good),
        throughput=len(good) / seconds,
        p50=p50 * 1e3,
        p95=p95 * 1e3,
        p99=p99 * 1e3,
        cpu=cpu * 1e3 / len(good),
        client_cpu=client_cpu * 1e3 / len(good),
        peak=peak / _MIB,
    )


def percentiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Return the 50th, 95th and 99th percentile, linearly interpolated."""
    p50, p95, p99 = np.percentile(seconds, (50, 95, 99)).tolist()
    return p50, p95, p99


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
