"""Release a trained run: the next version of its model in a model store, with its figures on the held-out items.

python -m training.publish runs/videoxception-a
python -m training.publish runs/all --fold-runs runs/0 runs/1       with the figures of models that left out a fold each
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from shlex import quote

from training.config.console import show_log
from training.config.schema import Config
from training.data.loading import open_dataset
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.cross_validation import folds_of, scorer_of, scorers_of_runs
from training.evaluation.leakage import (
    check_no_leakage,
    check_start_leakage,
    sources_of_all,
    write_hashes,
)
from training.evaluation.protocol import calibrate, held_out_set, measure_predictions
from training.evaluation.stored import save_predictions
from training.evaluation.summary import Evaluation
from training.export.golden_answers import check_graphs, with_int8
from training.export.int8 import HELP as INT8_HELP
from training.export.int8.release import make_int8
from training.export.unmeasured import unmeasured_release
from training.model import checkpoint
from training.model.final_weights import final_weights
from training.releases import STORE_HELP, check_name, mark_released
from training.reporting.measured import Measured
from training.reporting.model_card import model_card
from training.reporting.plots.draw import draw_evaluation, draw_or_explain
from training.reporting.provenance import provenance_of
from training.reporting.table import table
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.manifest import Calibration, KnownScore, Metrics
from videoxception.nets.cost import cost_of
from videoxception.nets.served import load_served
from videoxception.store import (
    BUILT_IN,
    SOURCES,
    Release,
    StoreError,
    check_writable,
    next_version,
    user_store,
)
from videoxception.store import publish as publish_to_store

_NOTHING = "nothing: no items were held out"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.publish`."""
    show_log()
    options = _parse(arguments)
    try:
        if options.dry_run:
            print(rehearse(options.run, options.store, options.note, options.fold_runs, options.int8))
        else:
            released = publish(options.run, options.store, options.note, options.fold_runs, options.int8)
            print(announcement(released, options.store))
    except (TrainingError, StoreError) as error:
        sys.exit(f"error: {error}")


def publish(run: Path, store: Path, note: str = "", fold_runs: Sequence[Path] = (), int8: bool = True) -> Release:
    """Release a finished run as the next version of its model.

    Everything is made and measured elsewhere first, so that the store is touched only to move whole files into it.

    Args:
        note: what the data are, for the card.
        fold_runs: runs that left out a fold each; if there are any, the figures are theirs.
        int8: whether to add a graph in 8-bit integers.

    Raises:
        TrainingError: the run is not finished, or cannot be measured fairly.
        StoreError: nothing can be released into the store.
    """
    config = checkpoint.read_config(run)
    check_writable(store)  # now, and not after what may take hours
    check_name(store, config.model_name, config.data.classes)
    with tempfile.TemporaryDirectory() as scratch:
        measured = measure(run, Path(scratch), note, fold_runs, int8)
        release = publish_to_store(store, measured.config.model_name, measured.move_to)
    mark_released(run, release)
    if measured.evaluation is not None:
        spec, evaluation = release.manifest.clip, measured.evaluation
        draw_or_explain(lambda: draw_evaluation(run, str(release), spec, evaluation))
    return release


def rehearse(run: Path, store: Path, note: str = "", fold_runs: Sequence[Path] = (), int8: bool = True) -> str:
    """Make and measure all that `publish` does, and return the card and what would be released. Raises alike."""
    with tempfile.TemporaryDirectory() as scratch:
        measured = measure(run, Path(scratch), note, fold_runs, int8)
        manifest = measured.manifest(next_version(store, measured.config.model_name))
        sizes = ", ".join(f"{path.name} {path.stat().st_size:,} bytes" for path in sorted(measured.folder.iterdir()))
    place = store / manifest.name / str(manifest.version)
    return (
        f"{model_card(manifest)}\na rehearsal: nothing was released. It would be {manifest.name}@{manifest.version} in"
        f" {place}: {sizes}"
    )


def announcement(release: Release, store: Path) -> str:
    """Return the figures of what was released, and how to try it."""
    metrics = release.manifest.metrics
    lines = [] if metrics is None else [table(str(release), metrics), *_doubts(metrics, len(release.manifest.classes))]
    lines.append(f"released {release} in {release.folder}")
    elsewhere = "" if store in (user_store(), BUILT_IN) else f"VX_MODEL_STORE={quote(str(store))} "
    lines.append(f"try it: {elsewhere}videoxception serve")
    lines.append(f"        curl -F file=@clip.mp4 'localhost:8000/predict?model={release.manifest.name}'")
    return "\n".join(lines)


def _doubts(metrics: Metrics, classes: int) -> list[str]:
    """Warn of figures that show nothing: of a model that may be no better than chance."""
    low, high = metrics.intervals["top1"]
    if low > 1 / classes:
        return []
    return [
        f"warning: not shown to be better than chance, {1 / classes:.1%}: top-1 is from {low:.1%} to {high:.1%} (95 %);"
        " train longer, or on more source videos"
    ]


def _check_leakage(run: Path, split: Split) -> None:
    """Raise `TrainingError` if a run has learnt from what it held out, unless its protocol is leaky by intent."""
    if not split.leaky:
        check_no_leakage(run, split.held_out)
        check_start_leakage(run, split.validation.items, split.auxiliary.items, strict=False)


def measure(run: Path, scratch: Path, note: str, fold_runs: Sequence[Path], int8: bool) -> Measured:
    """Make a run's release in a folder inside `scratch`, and measure it. Raises `TrainingError`."""
    config = checkpoint.read_config(run)
    weights = final_weights(run, config)
    split = open_dataset(config.data).split(config.seed)
    _check_leakage(run, split)
    folds = folds_of(fold_runs, run, split)
    release = unmeasured_release(scratch / "release", config, weights)
    if (sources := sources_of_all([run, *fold_runs])) is not None:
        write_hashes(release.folder / SOURCES, sources)
    calibration, evaluation = _evaluate(release, run, split, config, folds)
    quantised = make_int8(release, split, calibration.temperature, config.data.skip_bad) if int8 else None
    answers = with_int8(release) if quantised else release.manifest.golden
    check_graphs(release, answers)
    cost = cost_of(load_served(release).net, config.clip)
    provenance = provenance_of(config, split, note)
    return Measured(release.folder, config, list(folds), calibration, evaluation, answers, quantised, cost, provenance)


def _evaluate(
    release: Release, run: Path, split: Split, config: Config, folds: Mapping[int, Path]
) -> tuple[Calibration, Evaluation | None]:
    """Score what was held out, keep the predictions, and compute all figures of them."""
    known_score: KnownScore = "background" if config.data.auxiliary else "max_probability"
    if not (folds or len(split.validation)):
        return Calibration(temperature=1.0, known_score=known_score, known_threshold=0.0, fitted_on=_NOTHING), None
    with ExitStack() as stack:
        if folds:
            scorers = stack.enter_context(scorers_of_runs(list(folds.values()), _engine, golden=False))
        else:
            scorers = [scorer_of(run, _engine(release))]
        held_out = held_out_set(config, split, folds, scorers)
        predictions = held_out.predict(
            release.manifest.clip, config.data.skip_bad, synthetic_ood=bool(config.data.auxiliary)
        )
    save_predictions(release.predictions, predictions)
    calibration = calibrate(predictions.scores, known_score, folds)
    return calibration, measure_predictions(predictions, calibration, held_out.protocol)


def _engine(release: Release) -> OpenVINOEngine:
    return OpenVINOEngine(release, "f32")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.publish", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of a finished run")
    parser.add_argument("--store", type=Path, default=user_store(), metavar="DIR", help=STORE_HELP)
    parser.add_argument(
        "--note", default="", metavar="TEXT", help="what the data are, in a sentence for the model card"
    )
    parser.add_argument(
        "--fold-runs",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="runs of the same recipe, each with another --fold, which score what the released run, having held out"
        " nothing (--holdout 0), has seen; the release keeps their predictions",
    )
    parser.add_argument("--int8", action=argparse.BooleanOptionalAction, default=True, help=INT8_HELP)
    parser.add_argument(
        "--dry-run", action="store_true", help="make and measure it, print its card, and release nothing"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
