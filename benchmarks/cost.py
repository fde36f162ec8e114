"""CPU time of an answer by stage, for each model, and a plot of accuracy against it.

    python -m benchmarks.cost --files DIR [DIR ...] [--rounds 5] [--json cost.json] [--plot cost.png]

Decoding and the network are measured in this process, whole answers (uploads, HTTP and all) by the CPU time of the
service and its decoders; what remains of them is "the rest". Of a model, each round measures all three and its plain
export (bytes in, nothing fused, OpenVINO's own precision) in turns; figures are medians of rounds. The share of the
rate is that of the operations that large bf16 products do on this machine in the same CPU time.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks.engine.flops import bf16_rate, operations
from benchmarks.engine.methods import export_plain, plain
from benchmarks.service.__main__ import videos
from benchmarks.service.client import prepare
from benchmarks.service.contestants import contestants
from benchmarks.service.load import Arrival, drive
from benchmarks.service.machine import machine
from benchmarks.service.running import exit_on_sigterm, run
from benchmarks.service.usage import cpu_seconds
from training.reporting.plots.style import SERIES, figure
from videoxception import engine as engines
from videoxception.store import ModelStore, Release
from videoxception.video import decode

T = TypeVar("T")

_SENDERS = 2


@dataclass(slots=True)
class Cost:
    """CPU milliseconds of an answer, one figure a round."""

    release: Release
    precision: str
    operations: float
    decode: list[float] = field(default_factory=list)
    network: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)  # the network's, as a plain export
    whole: list[float] = field(default_factory=list)

    @property
    def rest(self) -> float:
        """What is left of a whole answer: uploads, HTTP, the hand-over of clips, the sandbox."""
        return median(w - d - n for w, d, n in zip(self.whole, self.decode, self.network, strict=True))


def measure(release: Release, paths: Sequence[Path], rounds: int) -> Cost:
    """Measure a model on videos."""
    spec, engine = release.manifest.clip, engines.create(release, "cpu")
    clips = [decode(path, spec).frames[None] for path in paths]
    cost = Cost(release, engine.precision, operations(release))
    (service,) = contestants(str(release), None)
    requests = [prepare(path) for path in paths]
    with tempfile.TemporaryDirectory() as folder, run(service, requests[0]) as running:
        export_plain(release, Path(folder))
        exported = plain(None)(release, Path(folder))
        drive(running.port, map(Arrival, requests), _SENDERS)
        for _ in range(rounds):
            cost.decode.append(_cpu_ms(lambda path: decode(path, spec), paths))
            cost.network.append(_cpu_ms(engine.predict, clips))
            cost.plain.append(_cpu_ms(exported, clips))
            before = cpu_seconds(running.pid)
            drive(running.port, map(Arrival, requests), _SENDERS)
            cost.whole.append((cpu_seconds(running.pid) - before) / len(paths) * 1e3)
    return cost


def _cpu_ms(work: Callable[[T], object], items: Sequence[T]) -> float:
    start = time.process_time()
    for item in items:
        work(item)
    return (time.process_time() - start) / len(items) * 1e3


def table(costs: Sequence[Cost], rate: float) -> str:
    """Format a table with a row for each model; `rate` is in operations a second of one core."""
    lines = [
        "| model | top-1 (95 %) | decode | network | the rest | whole answer | network, plain export | of the rate |",
        "| --- |" + " --- |" * 7,
    ]
    for cost in costs:
        network = median(cost.network)
        stages = f"{median(cost.decode):.1f} | {network:.1f} in {cost.precision} | {cost.rest:.1f}"
        share = cost.operations / (network / 1e3) / rate
        whole = f"{median(cost.whole):.1f} | {median(cost.plain):.1f} | {share:.0%}"
        lines.append(f"| {cost.release} | {_top1(cost.release)} | {stages} | {whole} |")
    return "\n".join(lines)


def _top1(release: Release) -> str:
    metrics = release.manifest.metrics
    if metrics is None:
        return ""
    low, high = metrics.intervals["top1"]
    return f"{metrics.top1:.1%} ({100 * low:.1f} to {100 * high:.1f})"


def draw(costs: Sequence[Cost], path: Path) -> None:
    """Draw top-1 with its interval against the network's CPU time, as served and as a plain export."""
    with figure(path, "Accuracy against cost: as served (o), as a plain export (x)", 7, 4.5) as drawn:
        axes = drawn.subplots()
        for cost, color in zip(costs, cycle(SERIES), strict=False):
            metrics = cost.release.manifest.metrics
            if metrics is not None:
                top1, (low, high) = 100 * metrics.top1, (100 * side for side in metrics.intervals["top1"])
                axes.plot([median(cost.network), median(cost.plain)], [top1, top1], color=color, linestyle=":")
                axes.plot(median(cost.plain), top1, "x", color=color)
                error, name = [[top1 - low], [high - top1]], str(cost.release)
                axes.errorbar(median(cost.network), top1, error, fmt="o", capsize=3, color=color, label=name)
        axes.set_xlabel("CPU milliseconds of the network, a clip")
        axes.set_ylabel("top-1, % (95 % interval)")
        axes.set_xlim(left=0)
        axes.legend()


def to_json(cost: Cost) -> dict[str, object]:
    """Return a model's figures of each round."""
    return {name: value for name, value in asdict(cost).items() if name != "release"}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="+", required=True, metavar="DIR", help="folders of videos")
    parser.add_argument("--models", nargs="+", default=sorted(ModelStore().versions()), help="default: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=Path("cost.json"), metavar="FILE", help="default: cost.json")
    parser.add_argument("--plot", type=Path, default=Path("cost.png"), metavar="FILE", help="default: cost.png")
    options = parser.parse_args()
    exit_on_sigterm()
    paths = videos(options.files)
    print(f"{machine(None)}\n{len(paths)} files", flush=True)
    rate = bf16_rate(10, time.process_time)
    costs = [measure(release, paths, options.rounds) for release in map(ModelStore().load, options.models)]
    draw(costs, options.plot)
    options.json.write_text(json.dumps({str(cost.release): to_json(cost) for cost in costs}, indent=1))
    print(f"\nCPU ms, medians of {options.rounds} rounds; {rate / 1e9:.0f} G bf16 operations a CPU second\n")
    print(f"{table(costs, rate)}\n\nwritten to {options.json} and {options.plot}")


if __name__ == "__main__":
    main()
