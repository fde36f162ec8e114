"""What a data set is to the trainer: items with a label and the source video that each was cut from."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from training.errors import TrainingError

Part = Literal["train", "val", "test"]

VIDEO_SUFFIXES = (
    ".avi",
    ".mp4",
    ".mkv",
    ".webm",
    ".mov",
    ".gif",
    ".mpg",
    ".mpeg",
    ".m4v",
    ".flv",
    ".wmv",
    ".ogv",
    ".ts",
)


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
    """List (class, file) for every file with one of the suffixes in <root>/<class>/, sorted by name.

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
    """List the folders in `root` that hold a file with one of the suffixes, by name.

    Raises `TrainingError` if there is no `root`.
    """
    check_folder(root)
    wanted = frozenset(suffixes)
    return sorted(p.name for p in root.iterdir() if p.is_dir() and any(_is_one(file, wanted) for file in p.iterdir()))


def check_folder(root: Path) -> None:
    """Raise `TrainingError` if `root` is no folder."""
    if not root.is_dir():
        raise TrainingError(f"no folder {root}: --data must name the folder of the data set")


def _files(root: Path, name: str, suffixes: frozenset[str]) -> list[Path]:
    folder = root / name
    if not folder.is_dir():
        have = ", ".join(sorted(p.name for p in root.iterdir() if p.is_dir())[:20]) or "no folders"
        raise TrainingError(f"class {name!r} has no folder in {root}, which holds {have}; see --classes")
    return sorted(p for p in folder.iterdir() if _is_one(p, suffixes))


def _is_one(path: Path, suffixes: frozenset[str]) -> bool:
    return path.suffix.lower() in suffixes and not path.name.startswith(".")
