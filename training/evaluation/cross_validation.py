"""Cross-validation: fold models are trained by a released model's recipe, each without one fold.

The released weights may then have seen everything, and every item is still scored by a model that has seen neither it
nor another item of its source video.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from training.config.data import PLACES, DataConfig
from training.config.schema import Config
from training.data.dataset import DataSet
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.assignment import Scorer
from training.evaluation.leakage import (
    check_no_leakage,
    check_start_leakage,
    hashes_of_classes,
    say_classes_known_before,
    sources_of_run,
)
from training.export.unmeasured import unmeasured_release
from training.model import checkpoint
from training.model.final_weights import final_weights
from videoxception.engine import Engine
from videoxception.store import Release

# What a fold model may have otherwise than the released one: where it began, whom it learnt from, chance, where its
# data lay (which is compared item by item), auxiliary classes (with those left out, they must be the same), and what
# changes nothing that is learnt.
_FREE = {
    "--fold",
    "--holdout",
    "--auxiliary",
    "--unseen",
    "--init",
    "--teacher",
    "--seed",
    "--name",
    "--keep",
    "--compile",
    "--fused",
} | {f"--{name.replace('_', '-')}" for name in PLACES}


def folds_of(runs: Sequence[Path], released: Path, split: Split) -> dict[int, Path]:
    """Return the runs that made the fold models, by the fold that each left out; `split` is the released run's.

    Raises `TrainingError` for a run of another recipe or other data, or one that has seen what it is to score.
    """
    if runs and split.held_out:
        raise TrainingError(
            f"--fold-runs is for a run that held nothing out, but the released one did ({split.protocol}); train it"
            " with --holdout 0 and without --fold, or leave --fold-runs out"
        )
    found: dict[int, Path] = {}
    config = checkpoint.read_config(released)
    for run in runs:
        other = checkpoint.read_config(run)
        fold = other.data.fold
        if fold is None:
            raise TrainingError(f"{run} left out no fold, so it cannot score one; train it with --fold")
        if fold in found:
            raise TrainingError(f"{run} left out fold {fold}, as {found[fold]} did; name one of them")
        _check_recipe(run, other, config)
        held_out = of_folds(split.training, [fold])
        check_start_leakage(run, [item for item in held_out.items if item.label in other.data.classes], held_out.items)
        _check_learnt(run, released, split.training, other.data)
        say_classes_known_before(run, other.data.left_out)
        found[fold] = run
    return dict(sorted(found.items()))


def of_folds(data: DataSet, folds: Collection[int]) -> DataSet:
    """Return the items of some folds."""
    return data.where(lambda item: item.fold in folds)


@contextmanager
def scorers_of_runs(
    runs: Sequence[Path], create: Callable[[Release], Engine], golden: bool = True
) -> Iterator[list[Scorer]]:
    """Export the weights of finished runs into a folder that is thrown away, and give an engine for each.

    Args:
        golden: whether `create` needs golden answers.

    Raises:
        TrainingError: a run is not finished, or does not tell what it has learnt from.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / str(number) for number in range(len(runs))]
        yield [_scorer_of_run(run, folder, create, golden) for run, folder in zip(runs, folders, strict=True)]


def scorer_of(run: Path, engine: Engine) -> Scorer:
    """Return the scorer that a finished run's engine makes.

    Raises:
        TrainingError: the run does not tell what it has learnt from.
    """
    learnt, outputs = sources_of_run(run), checkpoint.read_config(run).data.outputs
    known = learnt.known() | hashes_of_classes(outputs)  # older runs do not list classes
    return Scorer(str(run), engine, known, complete=learnt.everything() is not None)


def _scorer_of_run(run: Path, folder: Path, create: Callable[[Release], Engine], golden: bool) -> Scorer:
    """Export a finished run's weights into a new folder, and give their engine. Raises `TrainingError`."""
    config = checkpoint.read_config(run)
    return scorer_of(run, create(unmeasured_release(folder, config, final_weights(run, config), golden)))


def _check_recipe(run: Path, other: Config, config: Config) -> None:
    differing = [name for name in checkpoint.differences(other, config) if name not in _FREE]
    if other.data.all_auxiliary != config.data.all_auxiliary:
        differing.append("--auxiliary")
    if differing:
        raise TrainingError(
            f"{run} was trained with other options than the released run: {', '.join(differing)}; its figures would not"
            " be this recipe's. Train it again with the same ones"
        )


def _check_learnt(run: Path, released: Path, everything: DataSet, data: DataConfig) -> None:
    """Check that a run has learnt from just what the released run has learnt from, without what it is to score: its
    fold, and the auxiliary classes that it left out.
    """
    held_out = everything.where(lambda item: item.fold == data.fold)
    check_no_leakage(run, held_out.items)
    kept = everything.where(lambda item: item.fold != data.fold and item.label not in data.left_out)
    left_out = set(everything.groups) - set(kept.groups)
    learnt, wanted = sources_of_run(run).own, sources_of_run(released).own - left_out
    if differing := sorted(learnt ^ wanted):
        raise TrainingError(
            f"{run} was trained on other data than the released run: {len(differing)} source videos are in one of them"
            f" alone, such as {differing[0]}; both need the same data, classes and --groups"
        )
