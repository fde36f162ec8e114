"""A folder of one's own actions: <root>/<class>/** or <root>/{train,val,test}/<class>/**, videos and stills mixed.

A folder `_other` beside the classes shows none of them.
"""

from training.config.data import DataConfig
from training.data.readers.base import Layout
from training.data.readers.image_folder import FRAME_SUFFIXES
from training.data.readers.video_folder import FolderReader
from videoxception.video_source import VIDEO_SUFFIXES

OTHER = "_other"
READER = FolderReader((*VIDEO_SUFFIXES, *FRAME_SUFFIXES))


def _find_classes(config: DataConfig) -> list[str]:
    return [name for name in READER.find_classes(config) if name != OTHER]


LAYOUT = Layout(protocols=("parts", "groups"), find_classes=_find_classes, load=READER.load)
