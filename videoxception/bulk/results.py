"""A folder of results of a run on many machines, on a disk or in an object store."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from videoxception.bulk.merge import Results, merge
from videoxception.bulk.parts import Parts, pinned, put
from videoxception.bulk.rows import Header
from videoxception.bulk.shards import Shards, locked, precision_in
from videoxception.bulk.sources import is_uri


@contextmanager
def held(out: str) -> Iterator[str]:
    """Give the place as any machine finds it. Nobody else writes to a folder meanwhile; an object store has no locks.

    Raise `BulkError` if somebody does.
    """
    if is_uri(out):
        yield out
        return
    with locked(Path(out)):
        yield str(Path(out).absolute())


def taken_up(out: str, header: Header) -> Results:
    """Return what is there. Raise `BulkError` if it was written under another header."""
    return Parts(out, header) if is_uri(out) else Shards(Path(out), header, "parquet")


def precision(out: str) -> str | None:
    """Return the precision of what is there; None if nothing is."""
    begun = pinned(out)
    if begun:
        return begun.model.precision
    return None if is_uri(out) else precision_in(Path(out))


def merged(out: str, results: Results, header: Header) -> tuple[str, str]:
    """Write the tables anew; return where those of answers and errors are."""
    if not is_uri(out):
        here = merge(Path(out), results, header, "parquet")
        return str(here[0]), str(here[1])
    with tempfile.TemporaryDirectory(prefix="videoxception-") as folder:
        tables = merge(Path(folder), results, header, "parquet")
        for table in Path(folder).iterdir():
            put(out, table.name, table.read_bytes())
    answers, failures = (f"{out.partition('?')[0].rstrip('/')}/{table.name}" for table in tables)
    return answers, failures
