"""Training and validation parts that never share a source video: every split is made of whole groups."""

import random
from dataclasses import dataclass

from training.data.items import DataSet
from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Split:
    """Two parts of one data set, and in words how they were made."""

    training: DataSet
    validation: DataSet
    protocol: str

    def __post_init__(self) -> None:
        shared = set(self.training.groups) & set(self.validation.groups)
        if shared:
            raise TrainingError(f"source video {min(shared)} is in the training and in the validation part")


def split_by_fold(data: DataSet, fold: int) -> Split:
    """Validation is the items whose fold is `fold`. Raises `TrainingError` if there are none, or no others."""
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
    """Validation is about `share` of each class's source videos, at least one, drawn by `seed`.

    Raises `TrainingError` if a class has a single source video.
    """
    held: set[str] = set()
    rng = random.Random(seed)
    for name in data.classes:
        groups = sorted({item.group for item in data.items if item.label == name})
        if len(groups) < 2:
            raise TrainingError(f"class {name!r} has only one source video, so none can be held out; use --holdout 0")
        held |= set(rng.sample(groups, max(1, round(share * len(groups)))))
    return Split(
        data.where(lambda item: item.group not in held),
        data.where(lambda item: item.group in held),
        f"{share:.0%} of each class's source videos held out, seed {seed}",
    )
