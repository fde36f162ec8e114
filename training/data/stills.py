"""Class folders of pictures, named as UCF-101 names its clips: <root>/<Class>/v_<Class>_gGG_cCC.jpg."""

from collections.abc import Sequence
from pathlib import Path

from training.data.groups import GroupTable
from training.data.items import DataSet, Item, list_class_folders
from training.data.ucf101 import source_video

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def stills(root: Path, classes: Sequence[str], table: GroupTable | None) -> DataSet:
    """Every picture, with its source video from the table, or else from its name. Raises `TrainingError`."""
    listed = list_class_folders(root, classes, PICTURE_SUFFIXES)
    return DataSet(tuple(_item(root, label, path, table) for label, path in listed), tuple(classes))


def _item(root: Path, label: str, path: Path, table: GroupTable | None) -> Item:
    if table is None:
        return Item(path, label, source_video(path))
    row = table.row(path.relative_to(root).as_posix())
    return Item(path, label, row.group, row.fold)
