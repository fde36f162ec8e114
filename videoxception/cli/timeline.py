"""What a timeline looks like: a table and a strip of coloured blocks, subtitles, or rows of a CSV file."""

import csv
import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from videoxception.api.schemas import TimelineEntry

_COLOURS = ("red", "green", "yellow", "blue", "magenta", "cyan", "bright_red", "bright_green", "bright_yellow")
_NOTHING = "none of the classes"


def show(console: Console, entries: Sequence[TimelineEntry]) -> None:
    """Print a table; on a terminal, also a strip as wide as it is, a colour a label."""
    colours = _colours(entries)
    table = Table("from", "to", "label", "confidence", box=None)
    for entry in entries:
        label = Text(entry.label or _NOTHING, style=colours[entry.label])
        table.add_row(clock(entry.start), clock(entry.end), label, f"{entry.confidence:.0%}")
    if console.is_terminal:
        console.print(strip(entries, console.width))
    console.print(table)


def strip(entries: Sequence[TimelineEntry], width: int) -> Text:
    """Return so many blocks, each in the colour of what is to be seen at its middle."""
    colours, start, end = _colours(entries), entries[0].start, entries[-1].end
    blocks, at = Text(), 0
    for block in range(width):
        moment = start + (block + 0.5) * (end - start) / width
        while at + 1 < len(entries) and entries[at].end <= moment:
            at += 1
        label = entries[at].label
        blocks.append("░" if label is None else "█", style=colours[label])
    return blocks


def _colours(entries: Sequence[TimelineEntry]) -> dict[str | None, str]:
    """Return a colour for each label, in the order in which they are first seen; they repeat if there are many."""
    labels = dict.fromkeys(entry.label for entry in entries if entry.label is not None)
    return {None: "dim", **{label: _COLOURS[number % len(_COLOURS)] for number, label in enumerate(labels)}}


def srt(entries: Sequence[TimelineEntry]) -> str:
    """Return a timeline as SubRip subtitles; where there is no label, there is none."""
    labelled = (entry for entry in entries if entry.label is not None)
    return "\n".join(f"{number}\n{_cue(entry, ',')}" for number, entry in enumerate(labelled, 1))


def vtt(entries: Sequence[TimelineEntry]) -> str:
    """Return a timeline as WebVTT subtitles (https://www.w3.org/TR/webvtt1/), likewise."""
    return "\n".join(["WEBVTT\n", *(_cue(entry, ".") for entry in entries if entry.label is not None)])


def _cue(entry: TimelineEntry, point: str) -> str:
    times = (clock(moment, hours=True, decimals=3).replace(".", point) for moment in (entry.start, entry.end))
    return f"{' --> '.join(times)}\n{entry.label} {entry.confidence:.0%}\n"


def csv_rows(video: str, entries: Sequence[TimelineEntry]) -> str:
    """Return a row for each entry; the label is empty where there is none."""
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    for entry in entries:
        writer.writerow([video, f"{entry.start:.3f}", f"{entry.end:.3f}", entry.label or "", f"{entry.confidence:.4f}"])
    return rows.getvalue()


CSV_HEAD = "video,start,end,label,confidence\n"


def clock(seconds: float, *, hours: bool = False, decimals: int = 1) -> str:
    """Return a moment as 1:02:03.4, or 2:03.4 before the first hour; with `hours`, always as 00:02:03.4."""
    ticks = round(seconds * 10**decimals)
    whole, fraction = divmod(ticks, 10**decimals)
    minutes, second = divmod(whole, 60)
    tail = f"{second:02}.{fraction:0{decimals}}"
    if hours:
        return f"{minutes // 60:02}:{minutes % 60:02}:{tail}"
    return f"{minutes // 60}:{minutes % 60:02}:{tail}" if minutes >= 60 else f"{minutes}:{tail}"
