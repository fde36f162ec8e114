"""What a data set is to the trainer: items with a label and the source video that each was cut from."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Item:
    """One video or picture. `group` is its source video: items that share one never stand on both sides of a split."""

    path: Path
    label: str
    group: str
    fold: int | None = None


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
        """The items for which `wanted` is true."""
        return replace(self, items=tuple(item for item in self.items if wanted(item)))


def list_class_folders(root: Path, classes: Sequence[str], suffixes: Iterable[str]) -> list[tuple[str, Path]]:
    """(class, file) for every file with one of the suffixes in <root>/<class>/, sorted by name.

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


def present_classes(root: Path, classes: Sequence[str]) -> list[str]:
    """Those of the classes that have a folder. Raises `TrainingError` if none has."""
    check_folder(root)
    present = [name for name in classes if (root / name).is_dir()]
    if not present:
        raise TrainingError(f"{root} holds no folder for any of the classes {', '.join(classes)}")
    return present


def check_folder(root: Path) -> None:
    """Raises `TrainingError` if `root` is no folder."""
    if not root.is_dir():
        raise TrainingError(f"no folder {root}: --data must name one that holds a folder for each class")


def _files(root: Path, name: str, suffixes: frozenset[str]) -> list[Path]:
    folder = root / name
    if not folder.is_dir():
        have = ", ".join(sorted(p.name for p in root.iterdir() if p.is_dir())[:20]) or "no folders"
        raise TrainingError(f"class {name!r} has no folder in {root}, which holds {have}; see --classes")
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in suffixes and not p.name.startswith("."))
