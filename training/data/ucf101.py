"""UCF-101 as it is on disk: <root>/<Class>/v_<Class>_gGG_cCC.avi, and the official lists of its three splits.

The lists end lines with CRLF; train lists carry a class number after the path and test lists carry none. A class folder
and the class in its files' names can be spelt differently (HandstandPushups, v_HandStandPushups_g01_c01.avi).
Source: https://www.crcv.ucf.edu/data/UCF101.php. Clips of one group come from one long video.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from training.data.items import DataSet, Item, check_folder, list_class_folders
from training.errors import TrainingError

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
_NAME = re.compile(r"v_(?P<video>\w+_g\d+)_c\d+$")


def source_video(path: Path) -> str:
    """The group in a file's name: v_Punch_g08 for v_Punch_g08_c01.avi. Raises `TrainingError` for other names."""
    match = _NAME.match(path.stem)
    if match is None:
        raise TrainingError(
            f"{path} is not named as UCF-101 names its files (v_Punch_g08_c01), so its source video is not known;"
            f" name it so, or give a table that tells: --groups FILE:COLUMN"
        )
    return f"v_{match['video']}"


def read_list(path: Path) -> list[str]:
    """The videos, <Class>/<file>, that an official list file names."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"the list {path} cannot be read ({error}); see --lists") from error
    return [line.split()[0] for line in lines if line.strip()]


def ucf101(root: Path, classes: Sequence[str], lists: Path | None, split: int, part: str) -> DataSet:
    """The videos of one part ("train" or "test") of an official split, or all that are there if `lists` is None.

    Raises `TrainingError` if a video that a list names is not there.
    """
    if lists is None:
        listed = list_class_folders(root, classes, VIDEO_SUFFIXES)
    else:
        listed = _listed(root, classes, read_list(lists / f"{part}list{split:02d}.txt"))
    return DataSet(tuple(Item(path, label, source_video(path)) for label, path in listed), tuple(classes))


def _listed(root: Path, classes: Sequence[str], names: Sequence[str]) -> list[tuple[str, Path]]:
    check_folder(root)
    wanted = [(name.partition("/")[0], root / name) for name in names if name.partition("/")[0] in classes]
    missing = [path for _, path in wanted if not path.is_file()]
    if missing:
        raise TrainingError(
            f"{len(missing)} of the {len(wanted)} videos that the list names are not there, the first {missing[0]}"
        )
    absent = [name for name in classes if name not in {label for label, _ in wanted}]
    if absent:
        raise TrainingError(f"the list names no video of class {absent[0]!r}; is it spelt as in UCF-101?")
    return wanted
