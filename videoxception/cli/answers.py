"""How answers are printed: a table on a terminal, else a line each; or JSON, or CSV."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from videoxception.api.schemas import PredictResponse
from videoxception.bulk.merge import csv_writer
from videoxception.bulk.rows import Row, answer_cells, answer_columns

Show = Callable[[str, PredictResponse], None]


@contextmanager
def printer(form: str | None, coverage: float) -> Iterator[Show]:
    """Return what prints an answer; the rest is printed when the context ends."""
    if form == "json":
        yield lambda video, answer: print(json_line(video, answer), flush=True)
    elif form == "csv":
        rows: list[Row] = []
        yield lambda video, answer: rows.append(Row.of(video, answer))
        if rows:
            write = csv_writer(sys.stdout, answer_columns(rows[0].probabilities or ()))
            for row in rows:
                write(answer_cells(row))
    elif sys.stdout.isatty():
        table = Table("video", "action", "probability", "or", "remarks", box=None)
        yield lambda video, answer: table.add_row(*_cells(video, answer))
        if table.rows:
            Console().print(table)
    else:
        yield lambda video, answer: print(text_line(video, answer, coverage), flush=True)


def json_line(video: str, answer: PredictResponse) -> str:
    """Return what the service answers, with the video's name, as a line."""
    return json.dumps({"video": video, **answer.model_dump(mode="json")})


def _cells(video: str, answer: PredictResponse) -> tuple[Text, ...]:
    others = [name for name in answer.answer_set or _runners_up(answer) if name != answer.label]
    remarks = ([] if answer.known else ["perhaps none of the classes"]) + list(answer.clip.warnings)
    label = Text(answer.label, "" if answer.known else "dim")
    return Text(video), label, Text(f"{answer.confidence:.0%}"), Text(", ".join(others)), Text(", ".join(remarks))


def _runners_up(answer: PredictResponse) -> list[str]:
    return sorted(answer.probabilities, key=lambda name: -answer.probabilities[name])[1:3]


def text_line(video: str, answer: PredictResponse, coverage: float) -> str:
    """Return an answer as a line to read."""
    runners_up = ", ".join(f"{label} {answer.probabilities[label]:.0%}" for label in _runners_up(answer))
    doubt = "" if answer.known else "; perhaps none of the classes"
    warnings = f"; {', '.join(answer.clip.warnings)}" if answer.clip.warnings else ""
    among = f"; answer set at {coverage:.1%}: {', '.join(answer.answer_set)}" if answer.answer_set else ""
    return f"{video}: {answer.label} {answer.confidence:.0%} (then {runners_up}{doubt}{warnings}){among}"
