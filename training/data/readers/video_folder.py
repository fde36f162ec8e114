"""One's own videos: <root>/<class>/** or <root>/{train,val,test}/<class>/**, every class a folder.

The parts may be called otherwise too: `PART_NAMES`, in any case. Below a class, files may lie in folders of their own.
Names such as clip_g08_c01 tell the source video; of others, --groups, --group-pattern or training.find_groups should.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from training.config.data import DataConfig
from training.data.dataset import Item, Part, check_folder, class_folders, list_class_folders
from training.data.duplicates import join_equal
from training.data.groups import grouping
from training.data.readers.base import Layout, Listing
from training.data.readers.ucf101 import known_source_video
from training.data.splits import shared_groups
from training.errors import TrainingError
from videoxception.video_source import VIDEO_SUFFIXES

_NAME = re.compile(r"(.+_g\d+)_c\d+")

_UNGROUPED = (
    "each file counts as a source video of its own: if some were cut from one recording, say so by --groups (which"
    " training.find_groups can make a table for) or --group-pattern, or the held-out figures will flatter"
)


PART_NAMES: dict[Part, tuple[str, ...]] = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}


@dataclass(frozen=True, slots=True)
class FolderReader:
    """Reads class folders, or folders of parts that hold such.

    Attributes:
        suffixes: of the files that are items.
        notes: what a person must know where neither names nor a table or pattern tell the source videos.
    """

    suffixes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def find_classes(self, config: DataConfig) -> list[str]:
        """List the class folders by name. Raises `TrainingError`."""
        return self.classes_in(Path(config.data))

    def classes_in(self, root: Path) -> list[str]:
        """List the class folders in a data folder, or in its folders of parts, by name. Raises `TrainingError`."""
        folders = list(self.parts(root).values()) or [root]
        return sorted({name for folder in folders for name in class_folders(folder, self.suffixes)})

    def load(self, config: DataConfig, classes: Sequence[str]) -> Listing:
        """List the items of some classes. Raises `TrainingError`."""
        root = Path(config.data)
        parts = self.parts(root)
        protocol = "parts" if parts else "groups"
        if config.protocol not in ("", protocol):
            having = "has" if parts else "has no"
            raise TrainingError(f"{root} {having} folders train, val, test, so --protocol must be {protocol}")
        items = tuple(item for part, folder in parts.items() for item in self._part(config, part, folder, classes))
        items, copies = join_equal(items if parts else self._items(config, root, classes))
        told = config.groups or config.group_pattern or all(_NAME.fullmatch(item.path.stem) for item in items)
        notes = () if told else self.notes
        if copies:
            notes = (*notes, f"{copies} files are copies of others, and belong to the same source videos")
        if not parts:
            return Listing(items, protocol, notes=notes)
        _check_apart(items)
        scored: Part | None = "test" if "test" in parts else "val" if "val" in parts else None
        about = f"the folders {', '.join(folder.name for folder in parts.values())}"
        return Listing(items, protocol, about, scored, notes=notes)

    def parts(self, root: Path) -> dict[Part, Path]:
        """Return the folders of parts that are there and hold class folders.

        Raises `TrainingError` if two folders are of one part.
        """
        check_folder(root)
        parts: dict[Part, Path] = {}
        for part, names in PART_NAMES.items():
            folders = sorted(path for path in root.iterdir() if path.name.lower() in names and self._class_names(path))
            if len(folders) > 1:
                raise TrainingError(
                    f"{folders[0]} and {folders[1]} are both the {part} part; move one of them elsewhere"
                )
            if folders:
                parts[part] = folders[0]
        return parts

    def _class_names(self, folder: Path) -> list[str]:
        """List the class folders in `folder` by name, none if it is not there."""
        return class_folders(folder, self.suffixes) if folder.is_dir() else []

    def _part(self, config: DataConfig, part: Part, folder: Path, classes: Sequence[str]) -> tuple[Item, ...]:
        """List the items of one part, of those classes that it has."""
        there = self._class_names(folder)
        wanted = [name for name in classes if name in there]
        return tuple(replace(item, part=part) for item in self._items(config, folder, wanted))

    def _items(self, config: DataConfig, folder: Path, classes: Sequence[str]) -> tuple[Item, ...]:
        root = Path(config.data)
        group = grouping(config, lambda path: named_video(path.relative_to(root)))
        rows = ((path, label, group(path)) for label, path in list_class_folders(folder, classes, self.suffixes))
        return tuple(Item(path, label, row.group, row.fold) for path, label, row in rows)


def named_video(path: Path) -> str:
    """Return the source video that a name tells (clip_g08_c01: video 8), or the path below the data folder."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return path.as_posix()
    return known_source_video(path) or (path.parent / match[1]).as_posix()


def _check_apart(items: Sequence[Item]) -> None:
    groups = {part: [item.group for item in items if item.part == part] for part in get_args(Part)}
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        if both := shared_groups(groups[one], groups[other]):
            first, second = (
                next(item.path for item in items if (item.part, item.group) == (part, both[0])) for part in (one, other)
            )
            raise TrainingError(f"{first} and {second} are of one source video, but in the {one} and the {other} part")


_READER = FolderReader(VIDEO_SUFFIXES, (_UNGROUPED,))
LAYOUT = Layout(protocols=("parts", "groups"), find_classes=_READER.find_classes, load=_READER.load)
