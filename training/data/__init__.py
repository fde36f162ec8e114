"""Data sets as they are on disk, and splits of them that never share a source video."""

from collections.abc import Sequence
from pathlib import Path

from training.config import DataConfig
from training.data.groups import read_groups
from training.data.items import DataSet, Item, present_classes
from training.data.split import Split, split_by_fold, split_by_group
from training.data.stills import stills
from training.data.ucf101 import ucf101
from training.errors import TrainingError

__all__ = ["DataSet", "Item", "Split", "load_data", "load_split"]


def load_data(config: DataConfig, part: str = "train", every_class: bool = True) -> DataSet:
    """All items that the config names. `part` chooses the train or test list of `ucf101`.

    Raises `TrainingError`, also for a class without items if `every_class` is true.
    """
    if not config.data:
        raise TrainingError("say where the data is: --data DIR, a folder that holds a folder for each class")
    root = Path(config.data)
    classes = config.classes if every_class else present_classes(root, config.classes)
    data = _load(config, root, classes, part)
    return DataSet(data.items, config.classes)


def _load(config: DataConfig, root: Path, classes: Sequence[str], part: str) -> DataSet:
    if config.layout == "stills":
        return stills(root, classes, read_groups(config.groups, root) if config.groups else None)
    if config.groups:
        raise TrainingError("--groups goes with --layout stills; UCF-101's videos tell their groups by their names")
    return ucf101(root, classes, Path(config.lists) if config.lists else None, config.split, part)


def load_split(config: DataConfig, seed: int) -> Split:
    """Training and validation parts by whole source videos, as the config asks. Raises `TrainingError`."""
    data = load_data(config)
    if config.fold is not None:
        return split_by_fold(data, config.fold)
    if config.holdout == 0:
        return Split(data, data.where(lambda item: False), "nothing held out")
    return split_by_group(data, config.holdout, seed)
