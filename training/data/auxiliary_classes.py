"""Auxiliary classes: where they lie, which of their source videos are held out, and what their files are called.

They stand for everything that is none of a model's classes: trained on, never predicted. They are split like the
classes themselves, by whole source videos.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from training.config.data import ROTATE, DataConfig
from training.data.dataset import DataSet, Item
from training.data.splits import Split
from training.data.synthetic_ood import DRAWN
from training.errors import TrainingError


def auxiliary_config(config: DataConfig) -> DataConfig:
    """Return the config with the folder of the auxiliary classes as its data.

    A --groups table is of the folder that --data names, so it goes if the auxiliary classes have a folder of their own.
    """
    return replace(config, data=config.auxiliary_data, groups="") if config.auxiliary_data else config


def leave_out_unseen(config: DataConfig, folds: Sequence[int]) -> DataConfig:
    """Return the config with the names of the classes to leave out, and without them among its auxiliary classes.

    Args:
        folds: all that the data set has.

    Raises:
        TrainingError: no auxiliary class is left to train on.
    """
    if config.unseen == ROTATE and config.fold is None:
        return config
    unseen = share_of_fold(config.auxiliary, config.fold, folds) if config.unseen == ROTATE else config.unseen
    kept = tuple(name for name in config.auxiliary if name not in unseen)
    if config.auxiliary and not kept:
        raise TrainingError(f"--unseen leaves no auxiliary class to train on of {', '.join(config.auxiliary)}")
    return replace(config, auxiliary=kept, unseen=unseen)


def share_of_fold(auxiliary: Collection[str], fold: int | None, folds: Sequence[int]) -> tuple[str, ...]:
    """Return the auxiliary classes that one of the folds leaves out: all folds together leave out each class once.

    The classes take the folds in turn, in the order of their names' sha256: shares are equal but for one, and what the
    classes show or how they are spelt has no part in it. Clips that code draws are of no class that could be new.
    """
    dealt = sorted(set(auxiliary) - {DRAWN}, key=lambda name: hashlib.sha256(name.encode()).digest())
    return tuple(sorted(name for turn, name in enumerate(dealt) if folds and folds[turn % len(folds)] == fold))


def assign_folds(items: Sequence[Item], folds: Sequence[int], own: Sequence[Item] = ()) -> tuple[Item, ...]:
    """Return the items, with a fold for those that no table gives one, if there are `folds` at all.

    The source videos of each class, in the order of their names, take the folds in turn: of UCF-101's 25 groups and
    five folds, fold k has every fifth from the k-th on. One that a class shares with another, or with the model's `own`
    items, stays where it is. Whichever fold is held out, no two folds share a source video.
    """
    known = {item.group: item.fold for item in (*own, *items) if item.fold is not None}
    missing = [item for item in items if item.fold is None] if folds else []
    for label in sorted({item.label for item in missing}):
        first: dict[str, str] = {}  # file of each source video, whose name it has where it is shared by no other class
        for item in missing:
            if item.label == label:
                first[item.group] = min(first.get(item.group, item.path.name), item.path.name)
        for k, video in enumerate(sorted(first, key=lambda video: first[video])):
            known.setdefault(video, folds[k % len(folds)])
    return tuple(replace(item, fold=known.get(item.group)) if item.fold is None else item for item in items)


def add_auxiliary(own: Split, auxiliary: Split) -> Split:
    """Return a split with auxiliary classes: trained on beside the classes, held out apart from them.

    A source video that both have goes where the classes have it.
    """
    held = {item.path for item in auxiliary.validation.items}
    if not own.leaky:
        groups = (set(auxiliary.validation.groups) | set(own.validation.groups)) - set(own.training.groups)
        held = {i.path for i in (*auxiliary.training.items, *auxiliary.validation.items) if i.group in groups}
    everything = DataSet((*auxiliary.training.items, *auxiliary.validation.items), auxiliary.training.classes)
    trained = everything.where(lambda item: item.path not in held)
    classes = (*own.training.classes, *trained.classes)
    return replace(
        own,
        training=DataSet((*own.training.items, *trained.items), classes),
        auxiliary=everything.where(lambda item: item.path in held),
    )


def separate_auxiliary(split: Split, classes: tuple[str, ...]) -> Split:
    """Return a split with its held-out items of auxiliary classes apart from those of `classes`."""
    held = split.validation
    own = DataSet(held.where(lambda item: item.label in classes).items, classes)
    auxiliary = DataSet(held.where(lambda item: item.label not in classes).items, held.classes[len(classes) :])
    return replace(split, validation=own, auxiliary=auxiliary)


def short_name(path: Path, config: DataConfig) -> str:
    """Return a file's path below the data folder, or behind "others/" below the auxiliary classes' folder."""
    if path.is_relative_to(config.data):
        return path.relative_to(config.data).as_posix()
    if config.auxiliary_data and path.is_relative_to(config.auxiliary_data):
        return f"others/{path.relative_to(config.auxiliary_data).as_posix()}"
    return path.relative_to(path.anchor).as_posix()
