"""The whole service beside its peers: real uploads of the same files to each, in one run.

    python -m benchmarks.service --files DIR [--peers PYTHON] [--quick] [--only "this,naive"] [--json F] [--plot F]

PYTHON is an interpreter whose environment has the peers (docs/how-to/benchmark.md says how to make it); without it,
this service and the machine's ceiling alone are measured. Prints tables and whether the goals were met.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from app.settings import Settings
from benchmarks.service.agreement import compare
from benchmarks.service.client import Request, prepare
from benchmarks.service.contestants import LIT_OURS, OURS, Contestant, contestants
from benchmarks.service.machine import machine
from benchmarks.service.paired import measure_rounds
from benchmarks.service.plots import draw
from benchmarks.service.report import Report
from benchmarks.service.running import NotRunning, exit_on_sigterm
from benchmarks.service.visit import QUICK, USUAL, Plan, visit
from videoxception.store import ModelStore


def videos(folders: list[Path]) -> list[Path]:
    """Return the files in folders, at any depth. Exits if there are none."""
    found = sorted(path for folder in folders for path in folder.rglob("*.*") if path.is_file())
    if not found:
        sys.exit(f"error: no files in {', '.join(map(str, folders))}; --files names a folder of videos")
    return found


def visit_all(selected: list[Contestant], requests: list[Request], plan: Plan, report: Report) -> None:
    """Measure the contestants in turn; record those that fail and go on with the others."""
    for contestant in selected:
        try:
            seen = visit(contestant, requests, plan)
        except (NotRunning, RuntimeError, OSError) as error:
            report.failed[contestant.name] = f"not measured: {error}"
            print(f"\n{contestant.name}: not measured: {error}", flush=True)
            continue
        report.visits.append(seen)
        if report.visits[0].contestant == OURS and contestant.name != OURS:
            report.agreement[contestant.name] = compare(report.visits[0].answers, seen.answers)
            print(f"  {report.agreement[contestant.name]}", flush=True)


def measure_paired(
    selected: list[Contestant], paths: list[Path], requests: list[Request], plan: Plan, report: Report
) -> None:
    """Measure the ceiling, this service and LitServe with our parts alternately, each at its best number of senders."""
    best = {seen.contestant: int(seen.best.load) for seen in report.visits}
    sides = [(each, best[each.name]) for each in selected if each.name in (OURS, LIT_OURS) and each.name in best]
    print(f"\nin turns, {plan.rounds} times:", flush=True)
    try:
        report.rounds = measure_rounds(sides, paths, requests, newest(), plan)
    except (NotRunning, RuntimeError, OSError) as error:
        report.failed["turns"] = f"not measured: {error}"


def newest() -> str:
    """Return the model of all contestants: the newest videoxception-a in this service's stores."""
    return str(ModelStore.from_path(Settings().model_store).load("videoxception-a"))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, nargs="+", required=True, metavar="DIR", help="folders of videos")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of the peers' environment")
    parser.add_argument("--quick", action="store_true", help="two minutes, every third file: figures mean little")
    parser.add_argument("--only", metavar="A,B", help="only contestants whose names begin with one of these")
    parser.add_argument("--json", type=Path, default=Path("service.json"), metavar="FILE", help="default: service.json")
    parser.add_argument("--plot", type=Path, default=Path("service.png"), metavar="FILE", help="default: service.png")
    options = parser.parse_args()
    exit_on_sigterm()
    plan, begun = QUICK if options.quick else USUAL, time.monotonic()
    paths = videos(options.files)[:: plan.nth]
    requests = [prepare(path) for path in paths]
    selected = contestants(newest(), options.peers)
    if options.only:
        selected = [each for each in selected if each.name.startswith(tuple(options.only.split(",")))]
    report = Report(f"{machine(options.peers)}\n{newest()}, {len(paths)} files")
    print(report.machine, flush=True)
    visit_all(selected, requests, plan, report)
    measure_paired(selected, paths, requests, plan, report)
    if report.visits:
        draw(report.visits, options.plot)
    options.json.write_text(json.dumps(report.to_json(), indent=1))
    print(f"\n{report.text()}\n\n{time.monotonic() - begun:.0f} s; written to {options.json} and {options.plot}")


if __name__ == "__main__":
    main()
