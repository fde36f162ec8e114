"""A folder of one's own actions: <root>/<class>/** or <root>/{train,val,test}/<class>/**, videos and stills mixed.

A folder `_other` beside the classes shows none of them. A file's source video is told by its name where that has the
form of UCF-101's, NAME_gNN_cNN.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training.config.data import DataConfig
from training.data.dataset import VIDEO_SUFFIXES
from training.data.readers.base import Layout, Listing
from training.data.readers.image_folder import FRAME_SUFFIXES
from training.data.readers.ucf101 import join_known_videos
from training.data.readers.video_folder import FolderReader, own_path

OTHER = "_other"
_GROUPED = re.compile(r"(.+_g\d+)_c\d+")


def _source_video(path: Path, root: Path) -> str:
    named = _GROUPED.fullmatch(path.stem)
    return named[1] if named else own_path(path, root)


READER = FolderReader((*VIDEO_SUFFIXES, *FRAME_SUFFIXES), _source_video)


def _find_classes(config: DataConfig) -> list[str]:
    return [name for name in READER.find_classes(config) if name != OTHER]


def _load(config: DataConfig, classes: Sequence[str]) -> Listing:
    listing = READER.load(config, classes)
    return replace(listing, items=join_known_videos(listing.items))


LAYOUT = Layout(protocols=("parts", "groups"), find_classes=_find_classes, load=_load)
