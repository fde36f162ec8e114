"""Evaluate a released model or finished runs, through the very engine and decoder that the service uses.

python -m training.evaluate --card videoxception-a@6                 the figures of its card, from its predictions
python -m training.evaluate --model NAME --layout ucf101 --data UCF-101 --annotations ucfTrainTestlist
python -m training.evaluate --run runs/0 runs/4 --layout stills --data DIR --groups FOLDS.tsv:video

No item is scored by weights that have learnt from its source video; how many were left out is said.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from training.config.cli import add_data_options, data_config_from_options
from training.config.data import DataConfig
from training.config.schema import Config
from training.data.center_crop import parse_shape, read_cropped
from training.data.decode import read_clip
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.evaluation.assignment import Scorer
from training.evaluation.cross_validation import scorers_of_runs
from training.evaluation.leakage import hashes_of_classes, sources_of_release
from training.evaluation.protocol import (
    EvaluationSet,
    calibrate,
    measure_predictions,
    out_of_fold,
    scored_set,
)
from training.evaluation.recompute import differences_from_card
from training.evaluation.stored import Predictions
from training.evaluation.summary import Evaluation
from training.evaluation.views import Views
from training.model import checkpoint
from training.reporting.model_card import model_card
from training.reporting.plots.draw import check_matplotlib, draw_evaluation, draw_run
from training.reporting.table import table
from videoxception import engine as engines
from videoxception.clip import ClipSpec
from videoxception.engine import Engine, EngineError
from videoxception.store import CARD, ModelStore, Release, StoreError

_PRECISION = (
    "of the engine: auto is what the service takes on this CPU; int8 needs a release with such a graph (default: f32)"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.evaluate`."""
    options = _parse(arguments)
    try:
        if options.card:
            _check_card(options.card, options.store)
        else:
            _score(options)
    except (TrainingError, StoreError, EngineError) as error:
        sys.exit(f"error: {error}")


def _check_card(reference: str, store: str) -> None:
    """Compute a card's figures again; exit with 1 and list those that differ, if any do."""
    release = ModelStore.from_path(store).load(reference)
    count, differing = differences_from_card(release)
    if (release.folder / CARD).read_text() != model_card(release.manifest):
        differing.append(f"{CARD}: its text is not what model.json says")
    if differing:
        print(*differing, sep="\n")
        sys.exit(f"{release}: {len(differing)} of {count} figures differ from those that its predictions give")
    print(
        f"{release}: its stored predictions give all {count} figures of its card again, equal to the digit (int8 aside)"
    )


@dataclass(frozen=True, slots=True)
class Result:
    """Whose figures they are, what the model was shown, the figures, and notes."""

    title: str
    spec: ClipSpec
    evaluation: Evaluation
    notes: tuple[str, ...]


def _score(options: argparse.Namespace) -> None:
    """Score a model or runs, draw and print what came of it."""
    if options.plots:
        check_matplotlib()
    found = _of_runs(options) if options.run else _of_model(options)
    evaluation, metrics = found.evaluation, found.evaluation.metrics
    if options.plots:
        draw_evaluation(options.plots, found.title, found.spec, evaluation)
        draw_run(options.plots)
    for line in (
        *(f"note: {note}" for note in found.notes),
        *(f"skipped {line}" for line in evaluation.scores.skipped),
    ):
        print(line, file=sys.stderr)
    print(metrics.model_dump_json(indent=2) if options.json else table(found.title, metrics))


def _of_model(options: argparse.Namespace) -> Result:
    """Score a released model, with its own temperature and thresholds."""
    release = ModelStore.from_path(options.store).load(options.model)
    manifest, learnt = release.manifest, sources_of_release(release)
    dataset = open_dataset(_data_config(options, tuple(manifest.classes)))
    known = (learnt or frozenset()) | hashes_of_classes(manifest.auxiliary)
    scorer = Scorer(str(release), _create(release, options), known, complete=learnt is not None)
    items = scored_set(dataset, [scorer], options.part)
    predictions = _predict(items, manifest.clip, options)
    evaluation = measure_predictions(predictions, manifest.calibration, items.protocol)
    return Result(str(release), manifest.clip, evaluation, items.notes)


def _of_runs(options: argparse.Namespace) -> Result:
    """Score finished runs, each on what it has not learnt from, with a temperature and thresholds fitted on that."""
    runs = sorted(options.run, key=lambda run: checkpoint.read_config(run).data.fold or 0)
    config = _common_config(runs)
    dataset = open_dataset(_data_config(options, config.data.classes))
    with scorers_of_runs(runs, partial(_create, options=options)) as scorers:
        items = scored_set(dataset, scorers, options.part)
        predictions = _predict(items, config.clip, options)
    folds = {item.fold for item in predictions.scores.data.items if item.fold is not None}
    calibration = calibrate(predictions.scores, "background" if config.data.auxiliary else "max_probability", folds)
    left_out = {checkpoint.read_config(run).data.fold for run in runs}
    protocol = out_of_fold(items.protocol, folds) if folds and folds <= left_out else items.protocol
    evaluation = measure_predictions(predictions, calibration, protocol)
    notes = (*items.notes, f"temperature and thresholds were fitted on {calibration.fitted_on}")
    return Result(", ".join(str(run) for run in runs), config.clip, evaluation, notes)


def _common_config(runs: Sequence[Path]) -> Config:
    """Return the config of the first run. Raises `TrainingError` if another has other classes or other clips."""
    first, *more = (checkpoint.read_config(run) for run in runs)
    for run, other in zip(runs[1:], more, strict=True):
        if (other.data.classes, other.data.all_auxiliary) != (first.data.classes, first.data.all_auxiliary):
            raise TrainingError(f"{run} has other classes than {runs[0]}; evaluate them one by one")
        if other.clip != first.clip:
            raise TrainingError(f"{run} is shown other clips than {runs[0]}; evaluate them one by one")
    return first


def _predict(items: EvaluationSet, spec: ClipSpec, options: argparse.Namespace) -> Predictions:
    read = read_clip if options.center_crop is None else partial(read_cropped, shape=options.center_crop)
    return items.predict(spec, options.skip_bad, options.synthetic_ood, Views(options.views), read)


def _create(release: Release, options: argparse.Namespace) -> Engine:
    return engines.create(release, options.device, options.precision)


def _data_config(options: argparse.Namespace, classes: tuple[str, ...]) -> DataConfig:
    """Return the data set that the options name, with the model's classes."""
    auxiliary = options.auxiliary or (("all",) if options.auxiliary_data else ())
    return data_config_from_options(options, classes=classes, auxiliary=auxiliary)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_weights(parser)
    add_data_options(parser, leave_out=("classes", "holdout", "unseen"), undefaulted=("layout",))
    _add_views(parser)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N (default: cpu)")
    parser.add_argument("--precision", default="f32", choices=["auto", "f32", "bf16", "int8"], help=_PRECISION)
    parser.add_argument(
        "--plots", type=Path, metavar="DIR", help="draw confusion matrix, reliability, mistakes and ROC curves there"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.run and options.precision == "int8":
        parser.error("finished runs have no int8 graphs; --run goes with f32, bf16 or auto")
    if not (options.card or (options.data and options.layout)):
        parser.error("--data and --layout are needed, unless --card names a released model")
    return options


def _add_weights(parser: argparse.ArgumentParser) -> None:
    """Add the options that say whose predictions are scored."""
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument("--model", default="", metavar="NAME[@V]", help="released model (default: the service's)")
    weights.add_argument(
        "--run", type=Path, nargs="+", metavar="DIR", help="finished runs, such as those of a cross-validation's folds"
    )
    weights.add_argument(
        "--card",
        metavar="NAME[@V]",
        help="released model whose card's figures are computed again from the predictions that it keeps, without data",
    )
    parser.add_argument("--store", default="", metavar="PATH", help="model stores to look in, beside the built-in one")


def _add_views(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what of the data is shown, and how."""
    parser.add_argument(
        "--synthetic-ood",
        action="store_true",
        help="also show it screen recordings, cartoons, noise, ... which code draws",
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
    parser.add_argument(
        "--center-crop", type=parse_shape, metavar="W:H", help="cut stills to this shape from their middle: 9:16, 16:9"
    )


if __name__ == "__main__":
    main()
