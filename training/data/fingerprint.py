"""The fingerprint of a data set: the same wherever it lies."""

import hashlib
from pathlib import PurePath

from training.config.data import DataConfig
from training.data.auxiliary_classes import short_name
from training.data.dataset import DataSet, Item
from training.names import to_bytes


def fingerprint(data: DataSet, config: DataConfig) -> str:
    """Return a hash that changes when a file's name, label, source video, size or beginning does."""
    digest = hashlib.sha256()
    for item in sorted(data.items, key=lambda item: _place(item, config)):
        with item.path.open("rb") as file:
            start = hashlib.sha256(file.read(65_536)).hexdigest()
        line = f"{short_name(item.path, config)}\t{item.label}\t{item.group}\t{item.path.stat().st_size}\t{start}\n"
        digest.update(to_bytes(line))
    return digest.hexdigest()


def _place(item: Item, config: DataConfig) -> tuple[bool, PurePath]:
    """Return the sorting key of an item: auxiliary classes first, and nothing of where either folder lies."""
    return item.label in config.classes, PurePath(short_name(item.path, config))
