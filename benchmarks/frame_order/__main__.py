"""Does an architecture gain from the order of frames? Each beside a twin that sees the same frames, shuffled.

    python -m benchmarks.frame_order --data DIR --groups FILE:COLUMN [--results FILE] [--folds 0,1,2,3,4]
    python -m benchmarks.frame_order [--results FILE] --table [--against CONTESTANT]

Twins differ in nothing but the order of the frames, in training and in evaluation. Both are trained once for each fold,
without it, and classify its clips. A line of JSON is added for each of these; those that are there are skipped, so that
a run can be stopped at any moment and the same command goes on. Gains are paired clip by clip, intervals and p-values
resample whole source videos; p-values of several contestants are corrected by Holm's method.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

from benchmarks.frame_order.contestants import CONTESTANTS, contestant
from benchmarks.frame_order.learning import answers
from benchmarks.frame_order.report import Row, table
from training.config.console import show_log
from training.config.data import DataConfig
from training.data.loading import open_dataset
from training.errors import TrainingError


def read(results: Path) -> list[Row]:
    """Return what a file of results holds."""
    lines = results.read_text().splitlines() if results.exists() else []
    return [Row(**json.loads(line)) for line in lines]


def main() -> None:
    """Run the command."""
    options = _parse()
    show_log()
    torch.set_num_threads(1)
    try:
        if not options.table:
            _train(options)
    except TrainingError as error:
        sys.exit(f"error: {error}")
    print(table(read(options.results), options.against))


def _train(options: argparse.Namespace) -> None:
    asked = DataConfig(data=options.data, layout=options.layout, groups=options.groups, classes=("all",))
    classes = open_dataset(asked).part(None).classes
    data = DataConfig(data=options.data, layout=options.layout, groups=options.groups, classes=classes)
    done = {(row.contestant, row.fold, row.in_order) for row in read(options.results)}
    for name in options.contestants:
        for fold in map(int, options.folds.split(",")):
            for in_order in (True, False):
                if (name, fold, in_order) in done:
                    continue
                found = answers(contestant(name, data), fold, in_order, options.banks)
                row = Row(name, fold, in_order, *map(list, zip(*found, strict=True)))
                with options.results.open("a") as file:
                    file.write(json.dumps(row.__dict__) + "\n")
                order = "in order" if in_order else "shuffled"
                print(f"{name}, fold {fold}, {order}: {np.mean(row.right):.1%}", flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contestants", nargs="*", default=list(CONTESTANTS), help="(default: all)")
    parser.add_argument("--data", default="", metavar="DIR")
    parser.add_argument("--groups", default="", metavar="FILE:COLUMN")
    parser.add_argument("--layout", default="folders")
    parser.add_argument("--folds", default="0,1,2,3,4", metavar="K,...")
    parser.add_argument("--banks", type=Path, default=Path("banks"), metavar="DIR")
    parser.add_argument("--results", type=Path, default=Path("frame_order.jsonl"), metavar="FILE")
    parser.add_argument("--against", default="", choices=["", *CONTESTANTS], help="hold all against this one in order")
    parser.add_argument("--table", action="store_true", help="print what is there, and train nothing")
    options = parser.parse_args()
    if unknown := sorted(set(options.contestants) - CONTESTANTS.keys()):
        parser.error(f"no contestant is called {unknown[0]!r}; there are {', '.join(CONTESTANTS)}")
    return options


if __name__ == "__main__":
    main()
