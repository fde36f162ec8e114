"""Scores a released model on a data set, through the very engine and decoder that the service uses.

python -m training.evaluate --model videoxception-a --data DIR --layout stills --groups FOLDS.tsv:video --fold 4
python -m training.evaluate --model videoxception-a --data UCF-101 --layout ucf101 --lists ucfTrainTestlist --json
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training.config import LAYOUTS, DataConfig
from training.data import DataSet, load_scored
from training.errors import TrainingError
from training.figures import Evaluation, evaluate
from training.plots import check_matplotlib, draw_evaluation, draw_run
from training.report import table
from training.scores import score
from training.views import Views
from videoxception import engine as engines
from videoxception.engine import EngineError
from videoxception.store import ModelStore, Release, StoreError


def main(arguments: Sequence[str] | None = None) -> None:
    """The command `python -m training.evaluate`."""
    options = _parse(arguments)
    try:
        release, evaluation, notes = _evaluate(options)
        if options.plots:
            draw_evaluation(options.plots, str(release), release.manifest.clip, evaluation)
            draw_run(options.plots)
    except (TrainingError, StoreError, EngineError) as error:
        sys.exit(f"error: {error}")
    for line in (*(f"note: {note}" for note in notes), *(f"skipped {line}" for line in evaluation.scores.skipped)):
        print(line, file=sys.stderr)
    metrics = evaluation.metrics
    print(metrics.model_dump_json(indent=2) if options.json else table(str(release), metrics))


def _evaluate(options: argparse.Namespace) -> tuple[Release, Evaluation, tuple[str, ...]]:
    """What the options ask for, and notes on the data. Mistakes are told first. Raises what `main` catches."""
    views = Views(options.views)
    if options.plots:
        check_matplotlib()
    release = ModelStore.from_path(options.store).load(options.model)
    data, protocol, notes = _data(options, release)
    engine = engines.create(release, options.device, options.precision)
    scores = score(engine, release.manifest.clip, data, options.skip_bad, views)
    return release, evaluate(scores, release.manifest.calibration.temperature, protocol), notes


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", default="", metavar="NAME[@V]", help="released model (default: as the service picks)"
    )
    parser.add_argument("--store", default="", metavar="PATH", help="more model stores, beside the built-in one")
    parser.add_argument("--data", required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--layout", required=True, choices=LAYOUTS, help="how the data set lies on disk")
    parser.add_argument("--protocol", default="", metavar="NAME", help="as in training (default: the layout's own)")
    parser.add_argument("--groups", default="", metavar="FILE:COLUMN", help="table that tells each file's source video")
    parser.add_argument("--group-pattern", default="", metavar="REGEX", help="pattern that tells it from the path")
    parser.add_argument("--fold", type=int, help="score just this fold of the --groups table")
    parser.add_argument(
        "--lists", default="", metavar="DIR", help="folder of UCF-101's lists or of Kinetics' annotations"
    )
    parser.add_argument("--split", type=int, default=1, choices=[1, 2, 3], help="UCF-101's split (default: 1)")
    parser.add_argument(
        "--part", choices=["train", "val", "test"], help="part to score (default: the one that the protocol reports)"
    )
    parser.add_argument(
        "--skip-bad", action="store_true", help="go on without files that cannot be read, and list them"
    )
    parser.add_argument(
        "--views",
        type=int,
        default=1,
        metavar="N",
        help="views of each video: 1 (default), as the service; 3, 6, 10, ...",
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    parser.add_argument("--precision", default="f32", choices=["auto", "f32", "bf16"], help="(default: f32)")
    parser.add_argument(
        "--plots", type=Path, metavar="DIR", help="draw confusion matrix, reliability and mistakes there, as PNG files"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(arguments)


def _data(options: argparse.Namespace, release: Release) -> tuple[DataSet, str, tuple[str, ...]]:
    """The items to score, in words which ones they are, and notes on them."""
    names = ("data", "layout", "protocol", "groups", "group_pattern", "fold", "lists", "split")
    config = DataConfig(classes=tuple(release.manifest.classes), **{name: getattr(options, name) for name in names})
    return load_scored(config, options.part)


if __name__ == "__main__":
    main()
