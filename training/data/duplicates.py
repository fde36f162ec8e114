"""Files that are byte for byte the same: one recording, however often it was copied."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from training.data.dataset import Item
from training.errors import TrainingError


def join_equal(items: Sequence[Item]) -> tuple[tuple[Item, ...], int]:
    """Give equal files one source video; return the items, and how many are copies of others.

    Source videos that share a file become one. Empty files and those that cannot be read are left alone.

    Raises:
        TrainingError: equal files are in two classes.
    """
    by_path = {item.path: item for item in items}
    groups = {item.group: item.group for item in items}  # each leads to the one that it was joined with
    copies = 0
    for first, *others in equal_files(by_path):
        for path in others:
            _check_classes(by_path[first], by_path[path])
            groups[_joined(groups, by_path[path].group)] = _joined(groups, by_path[first].group)
            copies += 1
    return tuple(replace(item, group=_joined(groups, item.group)) for item in items), copies


def _check_classes(one: Item, other: Item) -> None:
    if one.label != other.label:
        raise TrainingError(f"{one.path} and {other.path} are the same file in two classes; remove one of them")


def _joined(groups: dict[str, str], group: str) -> str:
    """Return the source video that a source video was joined with, however many joins ago."""
    while groups[group] != group:
        group = groups[group]
    return group


def equal_files(paths: Iterable[Path]) -> list[list[Path]]:
    """Return the sets of equal files among some. Only those that share their size with another are read."""
    sizes: defaultdict[int, list[Path]] = defaultdict(list)
    for path in paths:
        with suppress(OSError):
            sizes[path.stat().st_size].append(path)
    hashes: defaultdict[bytes, list[Path]] = defaultdict(list)
    for path in (path for size, same in sizes.items() if size and len(same) > 1 for path in same):
        with suppress(OSError), path.open("rb") as file:
            hashes[hashlib.file_digest(file, "sha256").digest()].append(path)
    return [same for same in hashes.values() if len(same) > 1]
