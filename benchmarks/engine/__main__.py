"""Milliseconds from clip to logits on this CPU, beside OpenVINO's plain export, ONNX Runtime and PyTorch.

    python -m benchmarks.engine [--peers PYTHON] [--models videoxception-a] [--rounds 20] [--json FILE]

Every method runs the same released weights in a process of its own; each round runs each of them once at each size of
batch, so that ratios are of times taken side by side. PYTHON is an interpreter whose environment has onnxruntime and
onnx beside this project's libraries; without it, ONNX Runtime is left out.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks.engine.flops import bf16_rate, operations
from benchmarks.engine.measuring import BATCHES, measure
from benchmarks.engine.methods import OURS
from benchmarks.engine.report import Times, goals, split_table, table
from benchmarks.engine.streams import splits
from benchmarks.goals import Goal, goal_table
from benchmarks.service.machine import machine
from videoxception.engine.base import Precision
from videoxception.store import ModelStore, Release

_SPLIT_SECONDS = 3.0


def served_precision(times: Times) -> Precision:
    """Return the fastest measured precision of this project's engine for one clip."""
    found = [name for name in OURS if (name, 1) in times]
    quickest = min(found, key=lambda name: median(times[name, 1]))
    precision: Precision = quickest.removeprefix("ours ")  # type: ignore[assignment]
    return precision


def report(release: Release, peers: str | None, rounds: int, rate: float) -> tuple[str, list[Goal], object]:
    """Measure one model; return its tables, goals, and figures for the JSON file."""
    print(f"\n{release}", flush=True)
    times, off = measure(release, peers, rounds)
    needed, precision = operations(release), served_precision(times)
    cores = list(splits(release, precision, _SPLIT_SECONDS))
    reached = goals(str(release), times, BATCHES)
    text = (
        f"{release}: {needed / 2e9:.2f} G multiplications a clip\n\n{table(times, off, needed, rate)}\n\n"
        f"{precision}, the cores split:\n\n{split_table(cores)}"
    )
    figures = {
        "times": {f"{name}, batch {batch}": seconds for (name, batch), seconds in times.items()},
        "off": off,
        "splits": [asdict(split) for split in cores],
        "goals": [asdict(goal) | {"outcome": goal.outcome} for goal in reached],
    }
    return text, reached, figures


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of the peers' environment")
    parser.add_argument(
        "--models", nargs="+", default=sorted(ModelStore().versions()), help="default: all in the store"
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path, default=Path("engine.json"), metavar="FILE", help="default: engine.json")
    options = parser.parse_args()
    rate, on = bf16_rate(10), machine(options.peers)
    print(f"{on}\nbf16 products: {rate / 1e9:.0f} G operations a second", flush=True)
    reports = {
        str(each): report(each, options.peers, options.rounds, rate) for each in map(ModelStore().load, options.models)
    }
    figures = {name: shown for name, (_, _, shown) in reports.items()}
    options.json.write_text(json.dumps({"machine": on, "bf16_rate": rate, "models": figures}, indent=1))
    print("\n" + "\n\n".join(text for text, _, _ in reports.values()))
    print(f"\n{goal_table('goal', [goal for _, reached, _ in reports.values() for goal in reached])}")
    print(f"\nwritten to {options.json}")


if __name__ == "__main__":
    main()
