"""Open a data set: its classes by name, and what of it is trained on, held out and scored.

A reader (`training.data.readers`) lists items with their label, source video and part by one of its protocols. What is
trained on, held out and scored is then decided here, in the same way for all layouts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from training.config.data import ROTATE, DataConfig
from training.data.auxiliary_classes import add_auxiliary, assign_folds, auxiliary_config, leave_out_unseen
from training.data.dataset import DataSet, Item, Part
from training.data.groups import table_path
from training.data.readers.base import Layout, Listing
from training.data.readers.registry import LAYOUTS
from training.data.splits import Split, split_by_fold, split_by_group
from training.data.survey import Survey, count_items, passed_over
from training.errors import TrainingError
from training.names import is_text


class ScoredItems(NamedTuple):
    """The items that evaluation scores, in words how they were chosen, and notes on them."""

    data: DataSet
    protocol: str
    notes: tuple[str, ...]


class OodItems(NamedTuple):
    """Items of auxiliary classes: those of the part and the fold that evaluation scores, and all of them."""

    scored: DataSet
    everything: DataSet


@dataclass(frozen=True)
class OpenDataset:
    """A data set on disk. Its files are listed once, when they are first asked for.

    Attributes:
        config: what it was opened with; all of its classes and auxiliary classes stand there by name.
        layout: how it lies on disk.
    """

    config: DataConfig
    layout: Layout

    def part(self, part: Part | None = "train") -> DataSet:
        """Return the items of one part, or all of them, those of auxiliary classes last.

        Raises:
            TrainingError: a class is without items.
        """
        data = self._listing.part(part, self.config.classes)
        if not self.config.auxiliary:
            return data
        auxiliary = self._auxiliary.part(part, self.config.auxiliary)
        return DataSet((*data.items, *auxiliary.items), self.config.outputs)

    def split(self, seed: int) -> Split:
        """Split the data set into training and validation, by whole source videos unless the protocol is leaky.

        Validation is the fold asked for, else what the protocol has for it, else a share of the source videos. Items of
        auxiliary classes are split the same way, without any change to the split of the classes.

        Raises:
            TrainingError: nothing of a class is left to train on, or nothing can be held out.
        """
        config, listing = self.config, self._listing
        split = self._split(listing, config.classes, seed)
        split = replace(split, protocol=listing.describe(split.protocol), notes=listing.warnings)
        if config.auxiliary:
            split = add_auxiliary(split, self._split(self._auxiliary_in_folds(listing), config.auxiliary, seed))
        _check_trained(split.training)
        return split

    def scored(self, part: Part | None = None) -> ScoredItems:
        """Return the items that evaluation scores: of `part`, else of the part that the protocol scores, else all.

        Of them, only those of the fold asked for. Classes of which nothing is there are passed over.

        Raises:
            TrainingError: there are no such items.
        """
        listing, fold = self._present, self.config.fold
        part = part or listing.scored
        data = listing.part(part, self.config.classes)
        words = f"{part} part" if part else "all items"
        if fold is not None:
            words = f"fold {fold}" if part is None else f"{words}, fold {fold}"
            data = data.where(lambda item: item.fold == fold)
        if not data.items:
            raise TrainingError(f"there are no items in the {words}; a table that tells folds is named by --groups")
        return ScoredItems(data, listing.describe(words), listing.warnings)

    def ood(self, part: Part | None = None) -> OodItems:
        """Return items of auxiliary classes: those of the part and the fold that `scored` takes, and all of them.

        Raises:
            TrainingError: an auxiliary class is without items.
        """
        config = self.config
        if not config.auxiliary:
            return OodItems(DataSet((), ()), DataSet((), ()))
        part = part or self._present.scored
        everything = self._auxiliary_in_folds(self._present).part(None, config.auxiliary)

        def is_scored(item: Item) -> bool:
            return part in (None, item.part) and config.fold in (None, item.fold)

        return OodItems(everything.where(is_scored), everything)

    def survey(self) -> Survey:
        """Return what was found in the data set's folders, and what was passed over and why."""
        config, items = self.config, self._listing.items
        found = [count_items("classes", config.classes, items)]
        if config.auxiliary:
            items = (*items, *self._auxiliary.items)
            found.append(count_items("auxiliary classes", config.auxiliary, self._auxiliary.items))
        roots = dict.fromkeys(Path(folder) for folder in (config.data, config.auxiliary_data) if folder)
        table = [table_path(config.groups, Path(config.data))] if config.groups else []
        return Survey(tuple(found), passed_over(roots, [item.path for item in items], table))

    def without_unseen(self) -> "OpenDataset":
        """Return the data set without the auxiliary classes that its config leaves out.

        Raises:
            TrainingError: no auxiliary class is left to train on.
        """
        rotates = self.config.unseen == ROTATE and self.config.fold is not None
        return replace(self, config=leave_out_unseen(self.config, self._listing.folds if rotates else ()))

    @cached_property
    def _listing(self) -> Listing:
        return self.layout.load(self.config, self.config.classes)

    @cached_property
    def _present(self) -> Listing:
        """The listing of those classes of which something is there."""
        config, there = self.config, self.layout.find_classes(self.config)
        classes = [name for name in config.classes if name in there]
        if not classes:
            raise TrainingError(f"{config.data} holds nothing of any of the classes {', '.join(config.classes)}")
        return self.layout.load(config, classes)

    @cached_property
    def _auxiliary(self) -> Listing:
        return self.layout.load(auxiliary_config(self.config), self.config.auxiliary)

    def _auxiliary_in_folds(self, own: Listing) -> Listing:
        """Return the items of auxiliary classes, in the folds of the classes' own listing."""
        return replace(self._auxiliary, items=assign_folds(self._auxiliary.items, own.folds, own.items))

    def _split(self, listing: Listing, classes: tuple[str, ...], seed: int) -> Split:
        training, validation = (listing.part(part, classes) for part in ("train", "val"))
        if self.config.fold is not None:
            return split_by_fold(training, self.config.fold)
        if len(validation):
            return Split(training, validation, "val part held out", listing.leaky)
        if self.config.holdout == 0:
            return Split(training, validation, "nothing held out")
        return split_by_group(training, self.config.holdout, seed)


def open_dataset(config: DataConfig) -> OpenDataset:
    """Open the data set that a config names: find its classes where it says "all", or leaves them to the layout.

    Raises:
        TrainingError: there is no such data set or class, or options do not go with its layout.
    """
    layout = _layout(config)
    classes = config.classes or layout.classes or ("all",)
    if classes == ("all",):
        classes = tuple(layout.find_classes(config))
        if not classes:
            raise TrainingError(f"{config.data} holds no files of any class, as --layout {config.layout} has them")
    auxiliary = config.auxiliary
    if auxiliary == ("all",):
        auxiliary = _all_but(classes, layout, auxiliary_config(config))
    _check_unseen(config, layout)
    _check_text((*classes, *auxiliary))
    return OpenDataset(replace(config, classes=classes, auxiliary=auxiliary), layout).without_unseen()


def _check_unseen(config: DataConfig, layout: Layout) -> None:
    """Raise `TrainingError` for a class to leave out that is not there."""
    if config.unseen and not config.auxiliary:
        raise TrainingError("--unseen means nothing without --auxiliary, of whose classes it names some")
    if config.left_out:
        there = layout.find_classes(auxiliary_config(config))
        if missing := [name for name in config.left_out if name not in there]:
            raise TrainingError(f"--unseen: there is no auxiliary class {missing[0]!r}; leave it out of the list")


def _check_text(classes: Sequence[str]) -> None:
    """Raise `TrainingError` for a class whose name no model could tell."""
    if unfit := [name for name in classes if not is_text(name)]:
        raise TrainingError(f"class folder {unfit[0]!r}: the name is not UTF-8, as a model's classes are; rename it")


def _all_but(classes: Sequence[str], layout: Layout, config: DataConfig) -> tuple[str, ...]:
    auxiliary = tuple(name for name in layout.find_classes(config) if name not in classes)
    if not auxiliary:
        raise TrainingError(f"--auxiliary: {config.data} holds no class that is none of --classes")
    return auxiliary


def _layout(config: DataConfig) -> Layout:
    layout = LAYOUTS[config.layout]
    if not config.data:
        raise TrainingError(
            "say where the data is. Actions of your own, a folder of clips for each: python -m training.run DIR. A data"
            " set: --layout NAME --data DIR; python -m training.fetch ucf101 gets UCF-101 (7 GB). A trial, on videos"
            " that are made for it: --recipe smoke"
        )
    if config.protocol and config.protocol not in layout.protocols:
        known = " or ".join(layout.protocols)
        raise TrainingError(f"--protocol must be {known} for --layout {config.layout}, but got {config.protocol!r}")
    if config.annotations and not layout.annotations:
        raise TrainingError(f"--annotations means nothing to --layout {config.layout}; leave it out")
    return layout


def _check_trained(training: DataSet) -> None:
    trained = {item.label for item in training.items}
    for name in training.classes:
        if name not in trained:
            raise TrainingError(
                f"nothing of class {name!r} is left to train on; leave it out with --classes, or hold out less"
            )
