"""What tells a data set from another, wherever it lies."""

import hashlib

from training.config import DataConfig
from training.data import DataSet, short_name


def fingerprint(data: DataSet, config: DataConfig) -> str:
    """Changes when a file's name, label, source video, size or beginning does."""
    digest = hashlib.sha256()
    for item in sorted(data.items, key=lambda item: item.path):
        with item.path.open("rb") as file:
            start = hashlib.sha256(file.read(65_536)).hexdigest()
        line = f"{short_name(item.path, config)}\t{item.label}\t{item.group}\t{item.path.stat().st_size}\t{start}\n"
        digest.update(line.encode())
    return digest.hexdigest()
