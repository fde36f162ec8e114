"""The page of findings: one file of HTML, with its frames inside, that asks nothing of any network."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from training.atomic_write import write_atomically
from training.reporting.inspection.findings import ClassFigures, Findings
from training.reporting.inspection.frames import strip, thumbnail
from training.reporting.inspection.style import STYLE

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_GROUPS, _MEMBERS = 24, 10  # source videos that are shown, and files of each
_TROUBLES = 200
_BINS = 24


def write_page(path: Path, findings: Findings, doubted: int) -> Path:
    """Write the page; return its path. Of labels that are doubted, so many are shown with their frames."""
    name = escape(findings.root.resolve().name)
    sections = (
        _opening(findings),
        _labels(findings, doubted),
        _classes(findings),
        _troubles(findings),
        _copies(findings),
        _leaks(findings),
        _twins(findings),
        _groups(findings),
        _durations(findings),
    )
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: data</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{name}</h1>{''.join(sections)}</main></body></html>\n"
    )
    write_atomically(path, page.encode(errors="replace"))
    return path


def _opening(findings: Findings) -> str:
    stills = sum(each.still for each in findings.media)
    minutes = sum(each.seconds for each in findings.classes) / 60
    counts = (
        (len(findings.media) - stills, "videos"),
        (stills, "stills"),
        (f"{minutes:.1f}", "minutes of video"),
        (len(findings.classes), "classes"),
        (len(findings.groups.sizes), "source videos found"),
        (len(findings.useless), "files of no use"),
    )
    tiles = "".join(
        f'<div class="tile"><b>{count}</b>{what}</div>' for count, what in counts if count not in (0, "0.0")
    )
    advice = "".join(f"<li>{escape(line)}.</li>" for line in findings.advice())
    said = f'<ol class="advice">{advice}</ol>' if advice else '<p class="good">Nothing to mend was found.</p>'
    return f'<div class="tiles">{tiles}</div>{said}'


def _labels(findings: Findings, most: int) -> str:
    if findings.doubted is None:
        return ""
    shown = _cards("".join(_doubt(findings, number) for number in range(min(most, len(findings.doubted)))))
    return _section(
        "Labels to look at",
        "Most doubted first, by predictions of weights that had not learnt from the clip's source video. A doubt may be"
        f" the model's mistake: look before you move a file. All {len(findings.doubted)} are in labels.csv.",
        shown,
    )


def _doubt(findings: Findings, number: int) -> str:
    each = (findings.doubted or ())[number]
    said = (
        f"<span>{_below(each.item.path, findings.root)}</span>"
        f"<span>is in <b>{escape(each.item.label)}</b> ({each.label_probability:.0%}),"
        f" looks like <b>{escape(each.instead)}</b> ({each.instead_probability:.0%})</span>"
    )
    return f'<div class="doubt"><header>{said}</header><div class="strip">{strip(each.item.path)}</div></div>'


def _classes(findings: Findings) -> str:
    figures = findings.classes
    most = max(each.files for each in figures)
    rows = [_class_row(each, most) for each in figures]
    heads = ("class", "#files", "", "#source videos", "#minutes", "#median seconds")
    return _section("Classes", "", _table(heads, rows))


def _class_row(each: ClassFigures, most: int) -> Sequence[str]:
    bar = f'<span class="bar" style="width: {12 * each.files / most:.2f}rem"></span>'
    minutes = f"{each.seconds / 60:.1f}" if each.seconds else ""
    median = "" if each.median is None else f"{each.median:.1f}"
    return escape(each.name), str(each.files), bar, str(each.source_videos), minutes, median


def _troubles(findings: Findings) -> str:
    if not findings.troubles:
        return ""
    ordered = sorted(findings.troubles, key=lambda trouble: not trouble.useless)
    rows = [(_below(each.path, findings.root), escape(each.what), escape(each.remedy)) for each in ordered[:_TROUBLES]]
    said = f"The first {_TROUBLES} of {len(ordered)}; all are in troubles.csv." if len(ordered) > _TROUBLES else ""
    return _section("Files with trouble", said, _table(("/file", "what is wrong", "what helps"), rows))


def _copies(findings: Findings) -> str:
    rows = [(", ".join(_below(path, findings.root) for path in same),) for same in findings.copies]
    return _section("Equal files", "Byte for byte the same.", _table(("/files",), rows)) if rows else ""


def _leaks(findings: Findings) -> str:
    rows = [(", ".join(_below(item.path, findings.root) for item in items),) for items in findings.leaks]
    said = "These look as if they were cut from one recording, and lie in several of train, val and test."
    return _section("Leaks", said, _table(("/files",), rows)) if rows else ""


def _twins(findings: Findings) -> str:
    shown = "".join(
        f'<div class="pair"><div class="strip">{"".join(_captioned(findings, row) for row in pair.rows)}</div></div>'
        for pair in findings.twins
    )
    said = "Of different classes: is one of the labels wrong, or do both show the same moment?"
    return _section("Look alike", said, _cards(shown)) if shown else ""


def _groups(findings: Findings) -> str:
    rows: dict[str, list[int]] = {}
    for row, item in enumerate(findings.groups.items):
        rows.setdefault(item.group, []).append(row)
    largest = sorted((each for each in rows.values() if len(each) > 1), key=len, reverse=True)
    shown = "".join(_group(findings, each) for each in largest[:_GROUPS])
    said = (
        "Clips that look as if they were cut from one recording, rather too many than too few: they are kept on one"
        f" side of every split. Shown are {min(_GROUPS, len(largest))} of {len(largest)} with more than one clip; all"
        " are in files.csv, whose column group can be given to --groups once it is corrected."
    )
    return _section("Source videos", said, _cards(shown)) if shown else ""


def _group(findings: Findings, rows: Sequence[int]) -> str:
    images = "".join(_captioned(findings, row) for row in rows[:_MEMBERS])
    more = f", {len(rows) - _MEMBERS} more" if len(rows) > _MEMBERS else ""
    return f'<div class="group">{len(rows)} clips{more}<div class="strip">{images}</div></div>'


def _cards(shown: str) -> str:
    return f'<div class="cards">{shown}</div>'


def _captioned(findings: Findings, row: int) -> str:
    media = findings.media[row]
    return f"<figure>{thumbnail(media)}<figcaption>{_below(media.place.path, findings.root)}</figcaption></figure>"


def _durations(findings: Findings) -> str:
    seconds = [length for each in findings.media if (length := each.clip.duration) is not None]
    if not seconds:
        return ""
    counts, edges = np.histogram(seconds, _BINS)
    bars = "".join(
        f'<rect x="{30 * number}" y="{110 - height:.1f}" width="27" height="{height:.1f}"/>'
        for number, height in enumerate((100 * counts / counts.max()).tolist())
    )
    marks = "".join(f'<text x="{30 * number}" y="126">{edges[number]:.1f}</text>' for number in range(0, _BINS, 4))
    drawn = f'<svg viewBox="0 0 {30 * _BINS} 130" width="100%" role="img" aria-label="durations">{bars}{marks}</svg>'
    return _section("Durations", f"Seconds of {len(seconds)} videos.", drawn)


def _section(title: str, said: str, body: str) -> str:
    lead = f'<p class="soft">{escape(said)}</p>' if said else ""
    return f"<section><h2>{title}</h2>{lead}{body}</section>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells in HTML; a column of numbers has a head that begins with #, one of paths with /."""
    kinds = [{"#": ' class="number"', "/": ' class="path"'}.get(head[:1], "") for head in heads]
    top = "".join(f"<th{kind}>{head.lstrip('#/')}</th>" for kind, head in zip(kinds, heads, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for kind, cell in zip(kinds, row, strict=True))}</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _below(path: Path, root: Path) -> str:
    return escape(path.relative_to(root).as_posix())
