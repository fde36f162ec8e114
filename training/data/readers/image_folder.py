"""Class folders of stills, named as UCF-101 names its clips: <root>/<Class>/v_<Class>_gGG_cCC.jpg."""

from collections.abc import Sequence
from pathlib import Path

from training.config.data import DataConfig
from training.data.dataset import Item, class_folders, list_class_folders
from training.data.groups import grouping
from training.data.readers.base import Layout, Listing
from training.data.readers.ucf101 import join_known_videos, source_video
from videoxception.actions import ACTIONS

FRAME_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def _load(config: DataConfig, classes: Sequence[str]) -> Listing:
    """List every still, with its source video from --groups or --group-pattern, or else from its name."""
    group = grouping(config, source_video)
    listed = list_class_folders(Path(config.data), classes, FRAME_SUFFIXES)
    rows = ((path, label, group(path)) for label, path in listed)
    return Listing(join_known_videos([Item(path, label, row.group, row.fold) for path, label, row in rows]), "groups")


LAYOUT = Layout(
    protocols=("groups",),
    find_classes=lambda config: class_folders(Path(config.data), FRAME_SUFFIXES),
    load=_load,
    classes=ACTIONS,
)


def is_still(path: Path) -> bool:
    """Return whether a file is a still, by its name."""
    return path.suffix.lower() in FRAME_SUFFIXES
