"""MSR DailyActivity3D: clips aXX_sYY_eZZ_rgb.avi, anywhere below <root>.

Each of 10 subjects (s) does each of 16 activities (a) twice (e). File names have numbers only; the activities' names
and order are those that the data set was published with (Wang et al., Mining Actionlet Ensemble for Action Recognition
with Depth Cameras, CVPR 2012). The custom, and the default here, is to train on the subjects with odd numbers and to
test on those with even ones.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from training.config.data import DataConfig
from training.data.dataset import Item, check_folder
from training.data.groups import grouping
from training.data.readers.base import Layout, Listing
from training.data.splits import SOURCE_SEED, random_rows
from training.errors import TrainingError
from videoxception.video_source import VIDEO_SUFFIXES

ACTIVITIES = (
    "drink",
    "eat",
    "read book",
    "call cellphone",
    "write on paper",
    "use laptop",
    "use vacuum cleaner",
    "cheer up",
    "sit still",
    "toss paper",
    "play game",
    "lie down on sofa",
    "walk",
    "play guitar",
    "stand up",
    "sit down",
)
CLIPS = 320
_NAME = re.compile(r"a(?P<activity>\d\d)_s(?P<subject>\d\d)_e\d\d_rgb$")
_SOURCE_SHARE = 0.2


def _activity(path: Path) -> str:
    """Return the activity in a file's name. Raises `TrainingError` if there is no such activity."""
    number = int(path.stem[1:3])
    if not 1 <= number <= len(ACTIVITIES):
        raise TrainingError(f"{path} names activity {number}, but there are activities 1 to {len(ACTIVITIES)}")
    return ACTIVITIES[number - 1]


def _files(root: Path) -> list[Path]:
    """List the clips below the root in the order of their names. Raises `TrainingError` if there are none."""
    check_folder(root)
    videos = (path for path in root.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    found = sorted((path for path in videos if _NAME.match(path.stem)), key=lambda path: path.name)
    if not found:
        raise TrainingError(f"{root} holds no clip named as in MSR DailyActivity3D (a01_s01_e01_rgb.avi)")
    return found


def _find_classes(config: DataConfig) -> list[str]:
    present = {_activity(path) for path in _files(Path(config.data))}
    return [name for name in ACTIVITIES if name in present]


def _load(config: DataConfig, classes: Sequence[str]) -> Listing:
    files = _files(Path(config.data))
    group = grouping(config, lambda path: path.stem[4:7])
    rows = [(path, _activity(path), group(path)) for path in files]
    items = tuple(Item(path, label, row.group, row.fold) for path, label, row in rows if label in classes)
    present = {item.label for item in items}
    for name in classes:
        if name not in present:
            known = ", ".join(ACTIVITIES)
            raise TrainingError(f"no clip of class {name!r} is in {config.data}; the data set has {known}")
    notes = (f"{len(files)} of the data set's {CLIPS} clips are there",) if len(files) != CLIPS else ()
    return replace(_source(items) if config.protocol == "source" else _cross_subject(items), notes=notes)


def _cross_subject(items: tuple[Item, ...]) -> Listing:
    parted = tuple(replace(item, part="train" if int(item.path.stem[5:7]) % 2 else "test") for item in items)
    return Listing(parted, "cross-subject", "subjects with odd numbers for training, the others for testing", "test")


def _source(items: tuple[Item, ...]) -> Listing:
    """Hold out a random share, as in the document that reported 256 clips for training and 64 for validation."""
    held = random_rows(len(items), _SOURCE_SHARE)
    parted = tuple(replace(item, part="val" if row in held else "train") for row, item in enumerate(items))
    about = f"a random {_SOURCE_SHARE:.0%} of all clips as validation, seed {SOURCE_SEED}"
    return Listing(parted, "source", about, "val", leaky=True)


LAYOUT = Layout(protocols=("cross-subject", "source"), find_classes=_find_classes, load=_load)
