"""Fold models: the recipe of a released model once more, each time without one fold.

The released weights may then have seen everything, and every item is still judged by a model that has seen neither it
nor another item of its source video.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import save_file

from training import checkpoint
from training.config import Config
from training.data import DataSet, Split, load_split
from training.errors import TrainingError
from training.export import export_graph
from training.finished import final_weights
from videoxception.engine import Engine
from videoxception.nets.folded import fold as fold_norms
from videoxception.nets.served import load_served
from videoxception.store import WEIGHTS, Release

# What a fold model may have otherwise than the released one: where it began, and chance.
_FREE = frozenset({"--fold", "--holdout", "--init", "--seed", "--name"})


def folds_of(runs: Sequence[Path], config: Config, split: Split) -> dict[int, Path]:
    """The runs that made the fold models, by the fold that each left out; `config` and `split` are the released run's.

    Raises `TrainingError` for a run of another recipe, or one that saw what it is to judge.
    """
    found: dict[int, Path] = {}
    for run in runs:
        other = checkpoint.read_config(run)
        fold = other.data.fold
        if fold is None or fold in found:
            raise TrainingError(f"{run} left out {'no fold' if fold is None else f'fold {fold}, as {found[fold]} did'}")
        if differing := [name for name in checkpoint.differences(other, config) if name not in _FREE]:
            raise TrainingError(f"{run} was trained with other options than the run released: {', '.join(differing)}")
        left_out = {item.path for item in load_split(other.data, other.seed).held_out}
        judged = {item.path for item in in_folds(split.training, [fold]).items}
        if judged != left_out:
            raise TrainingError(
                f"{run} left out {len(left_out)} items, of which the run released was trained on"
                f" {len(judged & left_out)}; its --holdout must be 0, and the data the same"
            )
        found[fold] = run
    return dict(sorted(found.items()))


def in_folds(data: DataSet, folds: Sequence[int]) -> DataSet:
    """The items of some folds."""
    return data.where(lambda item: item.fold in folds)


def save_fold_weights(release: Release, runs: dict[int, Path]) -> None:
    """Puts the fold models' weights beside the release's own."""
    for fold, run in runs.items():
        save_file(final_weights(run, checkpoint.read_config(run)), release.fold_weights(fold))


@contextmanager
def fold_engines(release: Release, create: Callable[[Release], Engine]) -> Iterator[dict[int, Engine]]:
    """The engines of a release's fold models, by fold. Raises `TrainingError` if it has none."""
    if not release.manifest.folds:
        raise TrainingError(f"{release} has no fold models; leave out --out-of-fold")
    with tempfile.TemporaryDirectory() as scratch:
        yield {fold: create(_fold_release(release, fold, Path(scratch) / str(fold))) for fold in release.manifest.folds}


def _fold_release(release: Release, fold: int, folder: Path) -> Release:
    """A fold model as a release of its own, with a graph but without int8."""
    folder.mkdir()
    shutil.copyfile(release.fold_weights(fold), folder / WEIGHTS)
    made = Release(folder, release.manifest.model_copy(update={"folds": [], "int8": None}))
    export_graph(fold_norms(load_served(made), made.manifest.clip), made.manifest.clip, made.graph)
    return made
