"""Scores a released model on a data set, through the very engine and decoder that the service uses.

python -m training.evaluate --model videoxception-a --data DIR --layout stills --groups FOLDS.tsv:video --out-of-fold
python -m training.evaluate --model videoxception-a --data UCF-101 --layout ucf101 --annotations ucfTrainTestlist --json
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from training.config.cli import add_data_options, data_config_from_options
from training.config.data import DataConfig
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.evaluation.assignment import engine_by_fold, engines_in_turn, one_engine
from training.evaluation.cross_validation import check_items, fold_engines, of_folds
from training.evaluation.predictions import score
from training.evaluation.protocol import Exam, out_of_fold
from training.evaluation.summary import Evaluation, evaluate, with_known
from training.evaluation.views import Views
from training.reporting.plots.draw import check_matplotlib, draw_evaluation, draw_run
from training.reporting.table import table
from videoxception import engine as engines
from videoxception.engine import Engine, EngineError
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
    manifest = release.manifest
    if options.out_of_fold:
        _check_out_of_fold(release, options.precision)
    with _open_exam(release, options) as (exam, notes):
        scores = score(exam.engine_of, manifest.clip, exam.data, options.skip_bad, views)
        told, skipped = exam.score_ood(manifest, views, options.skip_bad, options.synthetic_ood)
    scores.skipped.extend(skipped)
    evaluation = evaluate(scores, manifest.calibration.temperature, exam.protocol)
    return release, with_known(evaluation, told, manifest.calibration), notes


@contextmanager
def _open_exam(release: Release, options: argparse.Namespace) -> Iterator[tuple[Exam, tuple[str, ...]]]:
    """Items that the options name, who judges them, and notes on them."""
    folds, dataset = release.manifest.folds, open_dataset(_data_config(options, release))
    data, protocol, notes = dataset.scored(options.part)
    seen, unseen = dataset.ood(release.manifest.auxiliary, options.part)

    def create(made: Release) -> Engine:
        return engines.create(made, options.device, options.precision)

    if options.out_of_fold:
        asked = of_folds(data, folds)
        check_items(release, asked)
        left = f"{len(data) - len(asked)} of {len(data)} items are of folds that no fold model left out"
        notes = (*notes, left) if len(asked) < len(data) else notes
        words = out_of_fold(protocol, {item.fold for item in asked.items if item.fold is not None})
        with fold_engines(release, create) as by_number:
            yield (
                Exam(
                    asked, of_folds(seen, folds), unseen, words, engine_by_fold(by_number), engines_in_turn(by_number)
                ),
                notes,
            )
    else:
        if folds:
            notes = (*notes, f"{release} was trained on all of its data; --out-of-fold asks models that left some out")
        engine_of = one_engine(create(release))
        yield Exam(data, seen, unseen, protocol, engine_of, engine_of), notes


def _check_out_of_fold(release: Release, precision: str) -> None:
    """Raises `TrainingError` if there are no fold models, or none of that precision."""
    if not release.manifest.folds:
        raise TrainingError(f"{release} has no fold models; leave out --out-of-fold")
    if precision == "int8":
        raise TrainingError("fold models have no int8 graphs; --out-of-fold goes with f32, bf16 or auto")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", default="", metavar="NAME[@V]", help="released model (default: as the service picks)"
    )
    parser.add_argument("--store", default="", metavar="PATH", help="more model stores, beside the built-in one")
    add_data_options(parser, leave_out=("classes", "holdout"), required=("data", "layout"))
    parser.add_argument(
        "--synthetic-ood",
        action="store_true",
        help="also show it screen recordings, cartoons, noise, ... which code draws",
    )
    parser.add_argument(
        "--out-of-fold",
        action="store_true",
        help="score each item by the fold model that was trained without it, as on the card of a model that has such",
    )
    parser.add_argument(
        "--part", choices=["train", "val", "test"], help="part to score (default: the one that the protocol reports)"
    )
    parser.add_argument(
        "--views",
        type=int,
        default=1,
        metavar="N",
        help="views of each video: 1 (default), as the service; 3, 6, 10, ...",
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    parser.add_argument("--precision", default="f32", choices=["auto", "f32", "bf16", "int8"], help="(default: f32)")
    parser.add_argument(
        "--plots", type=Path, metavar="DIR", help="draw confusion matrix, reliability, mistakes and ROC curves there"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(arguments)


def _data_config(options: argparse.Namespace, release: Release) -> DataConfig:
    """The data set that the options name, with the model's classes."""
    auxiliary = options.auxiliary or (("all",) if options.auxiliary_data else ())
    return data_config_from_options(options, classes=tuple(release.manifest.classes), auxiliary=auxiliary)


if __name__ == "__main__":
    main()
