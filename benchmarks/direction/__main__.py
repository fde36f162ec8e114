"""Does an architecture sense motion? Each learns the direction of a moving square, at its reduced size.

    python -m benchmarks.direction [NAME ...] [--architecture-args TEXT] [--results FILE] [--minutes 10] [--table]

One line of JSON is added to the results for each; those that are there are skipped, so that a run can be stopped at any
moment and the same command goes on. Clips are drawn anew for each step, so that there is nothing to learn by heart. One
thread is used.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.direction.learning import Outcome, learn, title
from videoxception.nets.registry import ARCHITECTURES

# Cheap ones first.
NAMES = (
    *(
        "fr2d_18",
        "r2d_18",
        "mc3_18",
        "rmc3_18",
        "r3d_18",
        "r2plus1d_18",
        "vivit_tiny",
        "mini_vivit_tiny",
        "slow_fusion",
    ),
    *("c3d", "i3d", "two_stream", "eco_lite", "videoxception-a", "cnn_lstm", "videoxception-c", "lite0_transformer"),
)


def read(results: Path) -> list[Outcome]:
    """Return the outcomes that a file of results holds."""
    lines = results.read_text().splitlines() if results.exists() else []
    return [Outcome(**json.loads(line)) for line in lines]


def table(outcomes: list[Outcome]) -> str:
    """Format outcomes."""
    lines = [
        "| architecture | parameters | clip | steps | CPU s | held out | within reversed pairs |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*lines, *map(_row, outcomes)])


def _row(found: Outcome) -> str:
    return (
        f"| {found.name} | {found.parameters:,} | {found.clip} | {found.steps} | {found.cpu_seconds:.0f}"
        f" | {found.accuracy:.1%} | {found.pairs:.1%} |"
    )


def main() -> None:
    """Run the command."""
    options = _parse()
    torch.set_num_threads(1)
    done = {found.name for found in read(options.results)}
    more = options.architecture_args
    for name in () if options.table else options.names:
        if title(name, more) not in done:
            found = learn(name, options.steps, 60 * options.minutes, options.lr, more)
            with options.results.open("a") as file:
                file.write(json.dumps(asdict(found)) + "\n")
            print(_row(found), flush=True)
    print(table(read(options.results)))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help="(default: one of each kind)")
    parser.add_argument(
        "--architecture-args", default="", metavar="TEXT", help="in place of those of the reduced size: shift=0"
    )
    parser.add_argument("--results", type=Path, default=Path("direction.jsonl"), metavar="FILE")
    parser.add_argument("--minutes", type=float, default=10.0, help="of CPU time for each (default: 10)")
    parser.add_argument("--steps", type=int, default=4000, help="at most so many for each (default: 4000)")
    parser.add_argument("--lr", type=float, default=1e-3, help="peak learning rate (default: 0.001)")
    parser.add_argument("--table", action="store_true", help="print what is there, and train nothing")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - ARCHITECTURES.keys()):
        parser.error(f"no architecture is called {unknown[0]!r}")
    return options


if __name__ == "__main__":
    main()
