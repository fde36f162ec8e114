"""What was found, as CSV files for a spreadsheet or a script."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from training.reporting.inspection.findings import Findings

Row = Sequence[object]


def write_tables(folder: Path, findings: Findings) -> list[Path]:
    """Write files.csv, troubles.csv and, where a model was asked, labels.csv; return their paths."""
    root = findings.root
    tables = [
        _write(folder / "files.csv", _FILES, _files(findings)),
        _write(
            folder / "troubles.csv",
            ("path", "what", "remedy", "useless"),
            ((_below(each.path, root), each.what, each.remedy, each.useless) for each in findings.troubles),
        ),
    ]
    if findings.doubted is not None:
        tables.append(_write(folder / "labels.csv", _LABELS, _labels(findings)))
    return tables


_FILES = ("path", "class", "part", "group", "fold", "similarity", "bytes", "seconds", "width", "height", "codec")
_LABELS = ("path", "class", "probability", "instead", "instead_probability", "doubt")


def _files(findings: Findings) -> Iterable[Row]:
    groups = findings.groups
    for media, item, similarity in zip(findings.media, groups.items, groups.similarity, strict=True):
        clip, place = media.clip, media.place
        size = ("", "") if media.still else (clip.width, clip.height)
        seconds = "" if clip.duration is None else f"{clip.duration:.2f}"
        told = (item.group, item.fold, f"{similarity:.2f}", media.bytes, seconds, *size, clip.codec)
        yield (_below(place.path, findings.root), item.label, place.part, *told)


def _labels(findings: Findings) -> Iterable[Row]:
    for each in findings.doubted or ():
        found = f"{each.label_probability:.4f}", each.instead, f"{each.instead_probability:.4f}", f"{each.doubt:.2f}"
        yield (_below(each.item.path, findings.root), each.item.label, *found)


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path
