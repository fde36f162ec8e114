"""Kinetics-400: annotations (train.csv, val.csv, test.csv) and clips <youtube id>_<start:06d>_<end:06d>.mp4.

The clips may lie in any folders below the root: as the archives unpack them (train/), sorted by class (train/<class>/),
or with the replacements of broken clips in a folder of their own (replacement.../), which then count. Many of the
annotated videos are gone from YouTube and every copy lacks others, so that missing clips are counted, not refused.
Source: https://github.com/cvdfoundation/kinetics-dataset.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.config.data import DataConfig
from training.data.dataset import Item, Part, check_folder
from training.data.groups import grouping
from training.data.readers.base import Layout, Listing
from training.errors import TrainingError
from videoxception.video_source import VIDEO_SUFFIXES

_COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")
_PARTS: dict[str, Part] = {"train": "train", "val": "val", "validate": "val", "validation": "val", "test": "test"}
_NAME_LENGTH = len("_000000_000010")


@dataclass(frozen=True, slots=True)
class _Annotation:
    label: str
    youtube_id: str
    stem: str
    part: Part


def _annotations(config: DataConfig) -> list[_Annotation]:
    """Read the rows of all CSV files in --annotations, or else in <root>/annotations or in <root>."""
    root = Path(config.data)
    check_folder(root)
    default = root / "annotations"
    folder = Path(config.annotations) if config.annotations else default if default.is_dir() else root
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise TrainingError(f"{folder} holds no annotations (train.csv, val.csv); name their folder by --annotations")
    return [row for file in files for row in _rows(file)]


def _rows(path: Path) -> Iterator[_Annotation]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise TrainingError(f"{path} has no column {missing[0]!r}; it must have {', '.join(_COLUMNS)}")
            yield from (_annotation(row) for row in reader)
    except (OSError, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        raise TrainingError(f"the annotations {path} cannot be read: {error!r}") from error


def _annotation(row: dict[str, str]) -> _Annotation:
    start, end = int(float(row["time_start"])), int(float(row["time_end"]))
    stem = f"{row['youtube_id']}_{start:06d}_{end:06d}"
    return _Annotation(row["label"], row["youtube_id"], stem, _PARTS[row["split"]])


def _clips(root: Path) -> dict[str, Path]:
    """Find every clip below the root, by its name without suffix; a replacement of a broken clip is preferred."""
    found = [path for path in sorted(root.rglob("*")) if path.suffix.lower() in VIDEO_SUFFIXES]
    found.sort(key=lambda path: any(part.startswith("replacement") for part in path.relative_to(root).parts[:-1]))
    return {path.stem: path for path in found}


def _find_classes(config: DataConfig) -> list[str]:
    """List the labels of which at least one clip is there."""
    annotated, clips = _annotations(config), _clips(Path(config.data))
    return sorted({row.label for row in annotated if row.stem in clips})


def _load(config: DataConfig, classes: Sequence[str]) -> Listing:
    wanted = frozenset(classes)
    annotated = [row for row in _annotations(config) if row.label in wanted]
    clips = _clips(Path(config.data))
    group = grouping(config, lambda path: path.stem[:-_NAME_LENGTH])
    rows = ((row, path, group(path)) for row in annotated if (path := clips.get(row.stem)) is not None)
    items = tuple(Item(path, row.label, source.group, source.fold, row.part) for row, path, source in rows)
    kept, notes = _without_leaks(items)
    _check_classes(Path(config.data), kept, classes)
    notes = (*_missing(annotated, clips), *notes)
    return Listing(kept, "official", "the parts that the annotations tell", "val", notes=notes)


def _missing(annotated: Sequence[_Annotation], clips: dict[str, Path]) -> tuple[str, ...]:
    """Return a sentence on annotated clips that are not there, if there are any."""
    absent = [row for row in annotated if row.stem not in clips]
    if not absent:
        return ()
    counts = ", ".join(f"{part} {n:,}" for part, n in sorted(Counter(row.part for row in absent).items()))
    return (
        f"{len(absent):,} of {len(annotated):,} annotated clips are not there ({counts}), the first"
        f" {absent[0].stem}.mp4",
    )


def _without_leaks(items: tuple[Item, ...]) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """Leave out training clips of videos that are also in another part; return the rest, and a sentence on them."""
    elsewhere = {item.group for item in items if item.part != "train"}
    kept = tuple(item for item in items if item.part != "train" or item.group not in elsewhere)
    if len(kept) == len(items):
        return kept, ()
    left_out = len(items) - len(kept)
    return kept, (f"{left_out:,} training clips are left out: other clips of their videos are in val or test",)


def _check_classes(root: Path, items: Sequence[Item], classes: Sequence[str]) -> None:
    present = {item.label for item in items}
    for name in classes:
        if name not in present:
            raise TrainingError(f"no annotated clip of class {name!r} is in {root}; leave it out with --classes")


LAYOUT = Layout(protocols=("official",), find_classes=_find_classes, load=_load, annotations=True)
