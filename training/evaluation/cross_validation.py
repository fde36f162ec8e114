"""Fold models: the recipe of a released model once more, each time without one fold.

The released weights may then have seen everything, and every item is still judged by a model that has seen neither it
nor another item of its source video.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import save_file

from training.config.data import PLACES
from training.config.schema import Config
from training.data.dataset import DataSet
from training.data.splits import Split
from training.errors import TrainingError
from training.evaluation.leakage import check_no_leakage, check_start_leakage, sources_of_run
from training.export.openvino import export_graph
from training.model import checkpoint
from training.model.final_weights import final_weights
from videoxception.engine import Engine
from videoxception.nets.folded import fold as fold_norms
from videoxception.nets.served import load_served
from videoxception.store import WEIGHTS, Release

# What a fold model may have otherwise than the released one: where it began, whom it learnt from, chance, where its
# data lay (which is compared item by item), and what changes nothing that is learnt.
_FREE = {"--fold", "--holdout", "--init", "--teacher", "--seed", "--name", "--keep", "--compile", "--fused"} | {
    f"--{name.replace('_', '-')}" for name in PLACES
}


def folds_of(runs: Sequence[Path], released: Path, split: Split) -> dict[int, Path]:
    """The runs that made the fold models, by the fold that each left out; `split` is the released run's.

    Raises `TrainingError` for a run of another recipe or other data, or one that has seen what it is to judge.
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
            raise TrainingError(f"{run} left out no fold, so it cannot judge one; train it with --fold")
        if fold in found:
            raise TrainingError(f"{run} left out fold {fold}, as {found[fold]} did; name one of them")
        _check_recipe(run, other, config)
        judged = of_folds(split.training, [fold])
        check_start_leakage(run, [item for item in judged.items if item.label in other.data.classes], judged.items)
        _check_learnt(run, released, judged)
        found[fold] = run
    return dict(sorted(found.items()))


def of_folds(data: DataSet, folds: Collection[int]) -> DataSet:
    """The items of some folds."""
    return data.where(lambda item: item.fold in folds)


def digest_of(data: DataSet) -> str:
    """A hash of which items these are: their names, labels and source videos, wherever they lie."""
    return hashlib.sha256("\n".join(sorted(_names(data))).encode()).hexdigest()


def check_items(release: Release, data: DataSet) -> None:
    """Raises `TrainingError` unless the items of each fold are those that the release's fold model left out."""
    folds = release.manifest.folds
    if not len(data):
        have = ", ".join(str(fold) for fold in folds)
        raise TrainingError(
            f"{release} has models that left out fold {have}, and none of these items is of it; folds are told by the"
            " table that --groups names"
        )
    for fold in {item.fold for item in data.items if item.fold is not None}:
        if digest_of(of_folds(data, [fold])) != folds[fold]:
            raise TrainingError(
                f"the items of fold {fold} are not those that the model for it left out, so it may have seen them;"
                " name the data set and the table of --groups that the release was trained with"
            )


def save_fold_weights(release: Release, runs: dict[int, Path]) -> None:
    """Puts the fold models' weights beside the release's own."""
    for fold, run in runs.items():
        save_file(final_weights(run, checkpoint.read_config(run)), release.fold_weights(fold))


@contextmanager
def fold_engines(release: Release, create: Callable[[Release], Engine]) -> Iterator[dict[int, Engine]]:
    """The engines of a release's fold models, by fold."""
    with tempfile.TemporaryDirectory() as scratch:
        yield {fold: create(_fold_release(release, fold, Path(scratch) / str(fold))) for fold in release.manifest.folds}


def _fold_release(release: Release, fold: int, folder: Path) -> Release:
    """A fold model as a release of its own, with a graph but without int8."""
    folder.mkdir()
    shutil.copyfile(release.fold_weights(fold), folder / WEIGHTS)
    made = Release(folder, release.manifest.model_copy(update={"folds": {}, "int8": None}))
    export_graph(fold_norms(load_served(made), made.manifest.clip), made.manifest.clip, made.graph)
    return made


def _check_recipe(run: Path, other: Config, config: Config) -> None:
    if differing := [name for name in checkpoint.differences(other, config) if name not in _FREE]:
        raise TrainingError(
            f"{run} was trained with other options than the released run: {', '.join(differing)}; its figures would not"
            " be this recipe's. Train it again with the same ones"
        )


def _check_learnt(run: Path, released: Path, judged: DataSet) -> None:
    """The run must have learnt from just what the released run has learnt from, without what it is to judge."""
    check_no_leakage(run, judged.items)
    learnt, wanted = sources_of_run(run).own, sources_of_run(released).own - set(judged.groups)
    if differing := sorted(learnt ^ wanted):
        raise TrainingError(
            f"{run} was trained on other data than the released run: {len(differing)} source videos are in one of them"
            f" alone, such as {differing[0]}; both need the same data, classes and --groups"
        )


def _names(data: DataSet) -> set[str]:
    return {f"{item.label}/{item.path.stem} of {item.group}" for item in data.items}
