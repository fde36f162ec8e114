"""UCF-101 as it is on disk: <root>/<Class>/v_<Class>_gGG_cCC.avi, and the official lists of its three splits.

The lists end lines with CRLF; train lists carry a class number after the path and test lists carry none. One class is
spelt in two ways, by the lists and by its files (HandstandPushups/v_HandStandPushups_g01_c01.avi).
Source: https://www.crcv.ucf.edu/data/UCF101.php. Clips of one group come from one long video.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from training.config.data import DataConfig
from training.data.dataset import Item, Part, check_folder, class_folders, list_class_folders
from training.data.disjoint_sets import DisjointSets
from training.data.groups import grouping
from training.data.readers.base import Layout, Listing
from training.data.readers.ucf101_same_video import Group, first_of
from training.data.splits import SOURCE_SEED, random_rows, shared_groups
from training.errors import TrainingError
from training.names import ESCAPED
from videoxception.actions import ACTIONS
from videoxception.video_source import VIDEO_SUFFIXES

_NAME = re.compile(r"v_(?P<label>\w+)_g(?P<group>\d+)_c\d+$")
_SOURCE_SHARE = 0.3
_GROUP = re.compile(r"(?:v_)?(?P<label>\w+)_g(?P<group>\d+)")


def named_group(path: Path) -> tuple[str, str]:
    """Return the class and group number in a file's name: Punch and 08 for v_Punch_g08_c01.avi.

    Raises `TrainingError` for other names.
    """
    match = _NAME.match(path.stem)
    if match is None:
        raise TrainingError(
            f"{path} is not named as UCF-101 names its files (v_Punch_g08_c01), so its source video is not known;"
            f" name it so, or tell the source videos by --groups FILE:COLUMN or --group-pattern"
        )
    return match["label"].replace("HandStand", "Handstand"), match["group"]


def source_video(path: Path) -> str:
    """Return the video that a file was cut from, by its name: v_Punch_g08 for v_Punch_g08_c01.avi.

    Groups that are known to share a video go by the first of them. Raises `TrainingError` for other names.
    """
    return _video_of(named_group(path))


def known_source_video(path: Path) -> str | None:
    """Return `source_video`, or None for a file that is not named as UCF-101 names its files."""
    return source_video(path) if _NAME.match(path.stem) else None


def join_known_videos(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items with one name for each source video, whatever table or pattern named it.

    Source videos that a table tells apart are joined where the files' names say that they are one, and the other way
    round, so that stills and clips of one group have one name. A table's folds are believed.
    """
    sets = DisjointSets[object]()
    for item in items:
        if video := known_source_video(item.path):
            sets.join(item.group, (video, item.fold))
    names: dict[object, str] = {}
    for item in items:
        place, name = sets.find(item.group), _spelt_alike(item)
        names[place] = min(names.get(place, name), name)
    return tuple(replace(item, group=names[sets.find(item.group)]) for item in items)


def _spelt_alike(item: Item) -> str:
    """Return the name of an item's source video, if a class and a group number (Punch_g08), as `source_video` has it.

    Where a table gives folds too, groups that are known to share a video keep their numbers, as it may have them apart.
    """
    match = _GROUP.fullmatch(item.group)
    if match is None:
        return item.group
    group = match["label"], match["group"]
    return _video_of(group) if item.fold is None else "v_" + "_g".join(group)


def _video_of(group: Group) -> str:
    label, number = first_of(group)
    return f"v_{label}_g{number}"


def read_list(path: Path) -> list[str]:
    """Read the videos, <Class>/<file>, that an official list file names."""
    try:
        lines = path.read_text(encoding="utf-8", errors=ESCAPED).splitlines()
    except OSError as error:
        raise TrainingError(f"the list {path} cannot be read ({error}); see --annotations") from error
    return [line.split()[0] for line in lines if line.strip()]


def check_parts(train: Iterable[str], test: Iterable[str]) -> tuple[str, ...]:
    """Check that no group is in both lists; return notes on those of their groups that share a video nonetheless.

    Raises `TrainingError` for a group that is in both.
    """
    sides = [[Path(name) for name in names] for names in (train, test)]
    by_name = [["_g".join(named_group(path)) for path in side] for side in sides]
    if both := shared_groups(*by_name):
        raise TrainingError(f"the lists have clips of the group {both[0]} on both sides, so they are not the official")
    by_video = [_named_groups_by_video(side) for side in sides]
    return tuple(
        f"{_spoken(by_video[1][video])} of the test part and {_spoken(by_video[0][video])} of the training part are"
        f" known to come from one video; the official lists have it so"
        for video in shared_groups(list(by_video[0]), list(by_video[1]))
    )


def _named_groups_by_video(paths: Iterable[Path]) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path in paths:
        found[source_video(path)].add(named_group(path))
    return found


def _spoken(groups: set[tuple[str, str]]) -> str:
    """Return words such as "TennisSwing g11, g13"."""
    return f"{min(groups)[0]} {', '.join(f'g{group}' for _, group in sorted(groups))}"


def _find_classes(config: DataConfig) -> list[str]:
    """List the class folders of the videos; with lists, those that the lists name, in the lists' spelling."""
    folders = class_folders(Path(config.data), VIDEO_SUFFIXES)
    if not config.annotations:
        return folders
    there = {name.casefold() for name in folders}
    named = {name.partition("/")[0] for part in ("train", "test") for name in _read_part(config, part)}
    return sorted(name for name in named if name.casefold() in there)


def _read_part(config: DataConfig, part: str) -> list[str]:
    return read_list(Path(config.annotations) / f"{part}list{config.split:02d}.txt")


def _load(config: DataConfig, classes: Sequence[str]) -> Listing:
    protocol = config.protocol or ("official" if config.annotations else "groups")
    if (protocol == "groups") == bool(config.annotations):
        raise TrainingError(
            "--protocol official and source need --annotations, the folder with trainlist01.txt;"
            " --protocol groups takes all videos that are there, without lists"
        )
    if protocol == "groups":
        listed = list_class_folders(Path(config.data), classes, VIDEO_SUFFIXES)
        return Listing(_items(config, listed, "train"), protocol)
    train, test = (_listed(config, classes, _read_part(config, part), part) for part in ("train", "test"))
    notes = check_parts((path.name for _, path in train), (path.name for _, path in test))
    tested = _items(config, test, "test")
    if protocol == "official":
        about = f"UCF-101's official split {config.split}"
        return Listing((*_items(config, train, "train"), *tested), protocol, about, "test", notes=notes)
    return _source(config, train, tested)


def _source(config: DataConfig, train: list[tuple[str, Path]], tested: tuple[Item, ...]) -> Listing:
    """Hold out a random share of the training part, as the source of VideoXception had it."""
    if config.split != 1:
        raise TrainingError(f"--protocol source is of split 1, but got --split {config.split}")
    held = random_rows(len(train), _SOURCE_SHARE)
    kept = _items(config, [entry for row, entry in enumerate(train) if row not in held], "train")
    validation = _items(config, [entry for row, entry in enumerate(train) if row in held], "val")
    about = f"a random {_SOURCE_SHARE:.0%} of UCF-101's train list 1 as validation, seed {SOURCE_SEED}"
    return Listing((*kept, *validation, *tested), "source", about, "val", leaky=True)


def _items(config: DataConfig, listed: Iterable[tuple[str, Path]], part: Part) -> tuple[Item, ...]:
    group = grouping(config, source_video)
    rows = ((path, label, group(path)) for label, path in listed)
    return join_known_videos([Item(path, label, row.group, row.fold, part) for path, label, row in rows])


def _listed(config: DataConfig, classes: Sequence[str], names: Sequence[str], part: str) -> list[tuple[str, Path]]:
    """List (class, file) for the videos of the classes in a list, whether they are there or not."""
    root = Path(config.data)
    check_folder(root)
    there, labels = _on_disk(root), {name.casefold(): name for name in classes}
    wanted = [
        (labels[label], there.get(_key(root / name), root / name))
        for name in names
        if (label := name.partition("/")[0].casefold()) in labels
    ]
    named = {label for label, _ in wanted}
    for name in classes:
        if name not in named:
            raise TrainingError(f"the {part} list names no video of class {name!r}; is it spelt as in UCF-101?")
    return wanted


def _on_disk(root: Path) -> dict[str, Path]:
    """Find the videos in class folders; copies of the data set differ in spelling of a class, and in container."""
    videos = (path for path in root.glob("*/*") if path.suffix.lower() in VIDEO_SUFFIXES)
    return {_key(path): path for path in sorted(videos, reverse=True)}


def _key(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}".casefold()


LAYOUT = Layout(
    protocols=("official", "source", "groups"),
    find_classes=_find_classes,
    load=_load,
    classes=ACTIONS,
    annotations=True,
)
