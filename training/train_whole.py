"""Train any architecture as a whole on a folder of one's own actions: `videoxception train DIR --architecture NAME`.

A run without each fold of found source videos, and one on everything, which is released with the figures of the others.
"""

import argparse
import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from training.atomic_write import write_atomically
from training.config.data import DataConfig
from training.config.schema import Config
from training.cross_validate import ALL, release_folds, train_folds
from training.data.dataset import DataSet
from training.data.found_groups import COLUMN
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.find_groups import groups_as_told
from training.own.checks import check_source_videos
from training.own.material import open_own_folder
from training.releases import check_name, released_as
from training.train_folder import with_auxiliary_folder, with_found_groups
from training.trainer.pace import measure_pace
from training.trainer.runtime import find_device
from videoxception.store import check_writable

_LOGGER = logging.getLogger(__name__)
_NOTE = "Trained as a whole. "
_SHARE = 0.8  # of the time, for training; the rest is for files, figures and graph


def train_whole(options: argparse.Namespace, config: Config, run: Path, store: Path) -> None:
    """Train as many epochs as the time allows, in folds and on everything, and release the latter.

    Args:
        options: of training.run, with a folder.
        config: what they say.
        run: holds a folder of each fold's run.

    Raises:
        TrainingError: the folder or an option does not do.
        StoreError: nothing can be released into the store.
    """
    config = with_auxiliary_folder(
        replace(config, data=replace(config.data, data=options.folder, layout="own", skip_bad=True))
    )
    config = replace(config, data=open_own_folder(config.data).config)
    check_writable(store)
    check_name(store, config.model_name, config.data.classes)
    if known := released_as(run / ALL):
        _LOGGER.info(f"{run} was released as {known}; nothing was done: another --run trains anew")
        return
    config, doubt = with_found_groups(config, run)
    data = with_folds(config.data, run)
    everything = open_dataset(data).part(None)
    check_whole(everything, data)
    folds = sorted({item.fold for item in everything.items if item.fold is not None})
    epochs = options.epochs or _kept(run / "epochs.txt", lambda: affordable_epochs(options, config, everything))
    settled = vars(options) | asdict(data) | {"folder": None, "epochs": epochs, "resume": True, "publish": False}

    def options_of(name: str) -> argparse.Namespace:
        held_out = {"fold": None, "holdout": 0.0} if name == ALL else {"fold": int(name)}
        return argparse.Namespace(**settled | held_out | {"run": str(run / name)})

    names = [str(fold) for fold in folds]
    train_folds(run, names, options_of)
    if options.publish:
        release_folds(run, names, store, _NOTE + doubt, options.int8)


def with_folds(data: DataConfig, run: Path) -> DataConfig:
    """Return the data set with a table of folds, which is made of the source videos that it tells, if it has none."""
    items = open_dataset(data).part(None).items
    if all(item.fold is not None for item in items):
        return data
    table = run / "folds.tsv"
    run.mkdir(parents=True, exist_ok=True)
    groups_as_told(items).write(table, Path(data.data))
    return replace(data, groups=f"{table.absolute()}:{COLUMN}", group_pattern="")


def check_whole(everything: DataSet, data: DataConfig) -> None:
    """Raise `TrainingError` for parts, which are no folds, and for classes that could not be measured."""
    if {item.part for item in everything.items} != {"train"}:
        raise TrainingError(
            f"{data.data} has folders train, val or test; an architecture other than types C and D is trained on them"
            " by python -m training.run --layout folders --data DIR"
        )
    check_source_videos(everything.items, data.classes)


def affordable_epochs(options: argparse.Namespace, config: Config, everything: DataSet) -> int:
    """Return how many epochs of all runs fit into --minutes, by the pace of a step; at least one for each stage."""
    runs = len({item.fold for item in everything.items})  # of so many, each leaves one fold out; and all
    pace = measure_pace(config, find_device(options.device))
    once, epoch = pace.once * len(everything), pace.step * len(everything) * runs  # runs share what a bank keeps
    epochs = max(len(config.stages), int((_SHARE * 60 * options.minutes - once) / epoch))
    epochs = min(epochs, config.epochs)
    minutes = (once + epoch * epochs) / 60
    _LOGGER.info(f"{epochs} epochs of {runs + 1} runs, about {minutes:.0f} minutes by one step; --epochs says another")
    return epochs


def _kept(path: Path, count: Callable[[], int]) -> int:
    """Return the number that a file keeps of an earlier start; else count, and keep it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, str(count()).encode())
    return int(path.read_text())
