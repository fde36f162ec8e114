"""What a data set is to the trainer: items with a label and the source video that each was cut from."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from training.errors import TrainingError

Part = Literal["train", "val", "test"]

_PASSED_OVER = frozenset(
    {"__macosx", "@eadir", "thumbs", "thumbnails"}
)  # what archivers, file servers and viewers leave


@dataclass(frozen=True, slots=True)
class Item:
    """One video or still.

    Attributes:
        group: its source video: items that share one never stand on both sides of an honest split.
        part: where the data set's own protocol puts it, "train" where it has none.
    """

    path: Path
    label: str
    group: str
    fold: int | None = None
    part: Part = "train"


@dataclass(frozen=True, slots=True)
class DataSet:
    """Items and the classes that they may have, in the order of the model's outputs."""

    items: tuple[Item, ...]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.items)

    @property
    def targets(self) -> list[int]:
        """The class number of each item."""
        number = {name: i for i, name in enumerate(self.classes)}
        return [number[item.label] for item in self.items]

    @property
    def groups(self) -> list[str]:
        """The source video of each item."""
        return [item.group for item in self.items]

    def where(self, wanted: Callable[[Item], bool]) -> "DataSet":
        """Return the items for which `wanted` is true."""
        return replace(self, items=tuple(item for item in self.items if wanted(item)))


def list_class_folders(root: Path, classes: Sequence[str], suffixes: Iterable[str]) -> list[tuple[str, Path]]:
    """List (class, file) for every file with one of the suffixes anywhere below <root>/<class>/, sorted by path.

    Raises `TrainingError` if the folder, a class or all files of a class are missing.
    """
    check_folder(root)
    found = [(name, path) for name in classes for path in _files(root, name, frozenset(suffixes))]
    empty = [name for name, n in Counter(dict.fromkeys(classes, 0) | Counter(c for c, _ in found)).items() if n == 0]
    if empty:
        raise TrainingError(
            f"{root / empty[0]} holds no file that ends in {', '.join(sorted(suffixes))};"
            f" put some there, or leave the class out with --classes"
        )
    return found


def class_folders(root: Path, suffixes: Iterable[str]) -> list[str]:
    """List the folders in `root` below which a file with one of the suffixes lies, by name.

    Raises `TrainingError` if there is no `root`.
    """
    check_folder(root)
    wanted = frozenset(suffixes)
    folders = (path for path in root.iterdir() if path.is_dir() and not is_passed_over(path.name))
    return sorted(folder.name for folder in folders if any(_walk(folder, wanted)))


def check_folder(root: Path) -> None:
    """Raise `TrainingError` if `root` is no folder."""
    if not root.is_dir():
        raise TrainingError(f"no folder {root}: --data must name the folder of the data set")


def _files(root: Path, name: str, suffixes: frozenset[str]) -> list[Path]:
    folder = root / name
    if not folder.is_dir():
        have = ", ".join(sorted(p.name for p in root.iterdir() if p.is_dir())[:20]) or "no folders"
        raise TrainingError(f"class {name!r} has no folder in {root}, which holds {have}; see --classes")
    return sorted(_walk(folder, suffixes))


def _walk(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """Yield the files with one of the suffixes below a folder. Links to folders are not followed."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_passed_over(name)]
        yield from (Path(place, name) for name in files if Path(name).suffix.lower() in suffixes and name[0] != ".")


def is_passed_over(name: str) -> bool:
    """Return whether a folder of this name holds nothing that a person put there: hidden ones, thumbnails."""
    return name.startswith(".") or name.lower() in _PASSED_OVER
