"""Training and validation items split by whole source videos, and the random splits that published figures used."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from training.data.dataset import DataSet, Item
from training.errors import TrainingError

SOURCE_SEED = 42


@dataclass(frozen=True, slots=True)
class Split:
    """Training and validation items of one data set.

    No source video is in both, unless the split is `leaky` by intent, as some published protocols are.

    Attributes:
        training: may have auxiliary classes behind those of `validation`.
        protocol: how the split was made, in words.
        notes: what a person must know of it, a sentence each.
        auxiliary: what is held out of the auxiliary classes.
    """

    training: DataSet
    validation: DataSet
    protocol: str
    leaky: bool = False
    notes: tuple[str, ...] = ()
    auxiliary: DataSet = field(default_factory=lambda: DataSet((), ()))

    @property
    def held_out(self) -> tuple[Item, ...]:
        """All items that are not trained on."""
        return (*self.validation.items, *self.auxiliary.items)

    def describe(self) -> list[str]:
        """Return lines for people: how many items of how many source videos, how they were chosen, notes."""
        subsets = (
            ("training", self.training),
            ("held out", self.validation),
            ("auxiliary classes held out", self.auxiliary),
        )
        counted = (
            f"{name}: {len(data)} items of {len(set(data.groups))} source videos, {len(data.classes)} classes"
            for name, data in subsets
            if data.classes
        )
        return [*counted, f"protocol: {self.protocol}", *(f"note: {note}" for note in self.notes)]

    def __post_init__(self) -> None:
        shared = set(self.training.groups) & {*self.validation.groups, *self.auxiliary.groups}
        if shared and not self.leaky:
            raise TrainingError(f"source video {min(shared)} is in the training and in the validation part")


def split_by_fold(data: DataSet, fold: int) -> Split:
    """Hold out the items whose fold is `fold`. Raises `TrainingError` if there are none, or no others."""
    if all(item.fold is None for item in data.items):
        raise TrainingError(f"--fold {fold} needs folds: name a table with a column fold by --groups FILE:COLUMN")
    folds = sorted({item.fold for item in data.items if item.fold is not None})
    if fold not in folds or len(folds) < 2:
        raise TrainingError(f"--fold {fold} holds nothing out: the folds in the table are {folds or 'none'}")
    return Split(
        data.where(lambda item: item.fold != fold),
        data.where(lambda item: item.fold == fold),
        f"fold {fold} of {len(folds)} held out, whole source videos",
    )


def split_by_group(data: DataSet, share: float, seed: int) -> Split:
    """Hold out about `share` of each class's source videos, at least one, drawn by `seed`.

    A source that several classes share (a person who did them all) is held out of them all.
    Raises `TrainingError` if a class has a single source video.
    """
    held: set[str] = set()
    rng = random.Random(seed)
    for name in data.classes:
        groups = {item.group for item in data.items if item.label == name}
        if len(groups) < 2:
            raise TrainingError(f"class {name!r} has only one source video, so none can be held out; use --holdout 0")
        wanted = max(1, round(share * len(groups))) - len(groups & held)
        held |= set(rng.sample(sorted(groups - held), max(0, wanted)))
    return Split(
        data.where(lambda item: item.group not in held),
        data.where(lambda item: item.group in held),
        f"{share:.0%} of each class's source videos held out, seed {seed}",
    )


def random_rows(count: int, share: float) -> frozenset[int]:
    """Draw the rows of a validation part regardless of source videos, as published figures were measured.

    About `share` of 0 .. count-1, rounded up, drawn as scikit-learn's `train_test_split` does with `random_state=42`:
    the first rows of a permutation by NumPy's `RandomState`.
    """
    order = np.random.RandomState(SOURCE_SEED).permutation(count)
    return frozenset(order[: count - int((1 - share) * count)].tolist())


def leak(training: Sequence[str], validation: Sequence[str]) -> float:
    """Return the share of validation items whose group is in the training part too, from the groups of both."""
    seen = set(training)
    return sum(group in seen for group in validation) / max(1, len(validation))


def shared_groups(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """List the groups that are in both parts, sorted."""
    return sorted(set(one) & set(other))
