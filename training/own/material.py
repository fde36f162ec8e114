"""What a folder of one's own actions gives: clips to learn from in folds, and those that it keeps apart itself."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.config.data import DataConfig
from training.data.dataset import DataSet
from training.data.loading import OpenDataset, open_dataset
from training.data.readers.own_folder import OTHER, READER
from training.data.splits import Split
from training.errors import TrainingError
from training.own.checks import check_folder_of_classes, check_source_videos
from training.own.choice import Answers
from training.own.folds import folds_of_items

_PROTOCOL = "own clips"


@dataclass(frozen=True, slots=True)
class Material:
    """Clips with their folds to learn from, and clips that are only measured on, auxiliary classes among both.

    Attributes:
        held_out: of the folder test or, without one, val; empty if there is neither.
        config: names all classes.
    """

    learnt: DataSet
    held_out: DataSet
    config: DataConfig
    notes: tuple[str, ...]

    @property
    def answers(self) -> Answers:
        """The true classes and folds of what is learnt from."""
        folds = [-1 if item.fold is None else item.fold for item in self.learnt.items]
        return Answers(np.array(self.learnt.targets), np.array(folds), len(self.config.classes))

    def own(self, data: DataSet) -> DataSet:
        """Return the items of the classes."""
        return DataSet(data.where(lambda item: item.label in self.config.classes).items, self.config.classes)

    def auxiliary(self, data: DataSet) -> DataSet:
        """Return the items of auxiliary classes."""
        return DataSet(data.where(lambda item: item.label in self.config.auxiliary).items, self.config.auxiliary)

    @property
    def split(self) -> Split:
        """The same as cards describe it."""
        part = next((item.part for item in self.held_out.items), None)
        protocol = f"{_PROTOCOL}: the {part} part, held out of everything" if part else f"{_PROTOCOL}: in folds"
        held = self.held_out
        return Split(self.learnt, self.own(held), protocol, False, self.notes, self.auxiliary(held))


def open_own_folder(config: DataConfig) -> OpenDataset:
    """Open a folder of one's own actions; `_other`, if it is there, is an auxiliary class. Raises `TrainingError`."""
    root = Path(config.data)
    check_folder_of_classes(root)
    if OTHER in READER.classes_in(root):
        if config.auxiliary_data:
            raise TrainingError(
                f"{root / OTHER} and --auxiliary {config.auxiliary_data} both show none of the classes;"
                " put everything into one of them"
            )
        config = replace(config, auxiliary=(OTHER,))
    return open_dataset(config)


def material_of(dataset: OpenDataset, unreadable: Collection[Path]) -> Material:
    """Put what can be read into folds. Raises `TrainingError` for a class that could not be measured."""
    everything = dataset.part(None).where(lambda item: item.path not in unreadable)
    parts = {item.part for item in everything.items}
    apart = "test" if "test" in parts else "val" if "val" in parts else None
    learnt = everything.where(lambda item: item.part != apart)
    check_source_videos(learnt.items, dataset.config.classes)
    folds = folds_of_items(learnt)
    items = tuple(replace(item, fold=int(fold)) for item, fold in zip(learnt.items, folds, strict=True))
    held_out = everything.where(lambda item: item.part == apart)
    return Material(DataSet(items, learnt.classes), held_out, dataset.config, dataset.split(0).notes)
