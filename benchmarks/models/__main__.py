"""Latency and throughput of every architecture at its full size, in one run; a table, and a plot against accuracy.

    python -m benchmarks.models [NAME ...] [--results docs/reference/models.json] [--rounds 5]
    python -m benchmarks.models --plot FILE.png

Each runs as the service would run it, by OpenVINO in the precision that this CPU is fastest in, with weights of
chance, and beside videoxception-a clip by clip: read the ratios, since machines wander. Parameters and multiply-adds
are counted with 400 classes, as papers do. Results are kept in a file, from which scripts/docs makes
docs/reference/models.md; those of the same names are replaced, and --missing measures only those that the file lacks.
--plot measures the released models in place of architectures, each by its own graph and clip, and draws their top-1.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import openvino as ov

from benchmarks.models.measuring import Speed, latency_runner, measure, measure_architecture
from benchmarks.models.plot import draw
from benchmarks.service.machine import machine
from videoxception.engine.openvino import graph_of, usual_precisions
from videoxception.nets.cost import full_size_cost
from videoxception.nets.registry import ARCHITECTURES
from videoxception.store import ModelStore, Release

_REFERENCE = "videoxception-a"
_RESULTS = Path("docs/reference/models.json")


def main() -> None:
    """Run the command."""
    options = _parse()
    beside = cache(latency_runner)
    if options.plot:
        draw(list(_released(beside(_REFERENCE), options.rounds)), options.plot)
        print(machine(None))
        return
    found = json.loads(options.results.read_text()) if options.results.exists() else {}
    chosen = options.names or [name for name in ARCHITECTURES if not options.missing or "ms" not in found.get(name, {})]
    for name in () if options.table else chosen:
        cost = full_size_cost(name)
        row = {"parameters": cost.parameters, "multiply_adds": cost.multiply_adds}
        if not options.counts:
            row |= asdict(measure_architecture(name, beside(_REFERENCE), options.rounds))
        found[name] = row
        ordered = {each: found[each] for each in ARCHITECTURES if each in found}
        options.results.write_text(json.dumps(ordered, indent=1) + "\n")
        print(f"{name}: {json.dumps(row)}", flush=True)
    print(f"{machine(None)}\n\n{table(found)}")


def _released(fixed: Callable[[], None], rounds: int) -> Iterator[tuple[Release, Speed]]:
    """Measure the newest version of each model whose manifest has figures, in the precision that it is served in."""
    store = ModelStore()
    for release in map(store.load, store.versions()):
        if release.manifest.metrics is not None:
            chosen = usual_precisions(release)[0]
            graph, _ = graph_of(ov.Core(), release, chosen)
            speed = replace(measure(graph, release.manifest.clip, fixed, rounds), precision=chosen)
            print(f"{release}: {speed.ms:.1f} ms, {speed.cpu_ms:.1f} CPU ms in {chosen}", flush=True)
            yield release, speed


def table(found: dict[str, dict[str, float]]) -> str:
    """Format what was measured, the quickest first."""
    rows = sorted((row["cpu_ms"], name, row) for name, row in found.items() if "ms" in row)
    lines = [
        "| architecture | GMAC | ms a clip | CPU ms | times A | clips/s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for cpu, name, row in rows:
        speed = f"{row['ms']:.0f} | {cpu:.0f} | {row['times_reference']:.1f} | {row['clips_per_second']:.1f}"
        lines.append(f"| {name} | {row['multiply_adds'] / 1e9:.2f} | {speed} |")
    return "\n".join(lines)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="(default: all)")
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE", help=f"(default: {_RESULTS})")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="clips of each (default: 5)")
    parser.add_argument("--missing", action="store_true", help="measure only those whose speed the results lack")
    parser.add_argument("--counts", action="store_true", help="count parameters and multiply-adds, measure no speed")
    parser.add_argument("--table", action="store_true", help="print what is there, and measure nothing")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="measure the released models, and draw top-1 against latency"
    )
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - ARCHITECTURES.keys()):
        parser.error(f"no architecture is called {unknown[0]!r}")
    return options


if __name__ == "__main__":
    main()
