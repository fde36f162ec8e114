"""A folder of results of a run on many machines, on a disk or in an object store."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from videoxception.bulk.merge import Merged, Results, merge
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


@contextmanager
def taken_up(out: str, header: Header) -> Iterator[Results]:
    """Give what is there. Raise `BulkError` if it was written under another header."""
    if not is_uri(out):
        yield Shards(Path(out), header, "parquet")
        return
    with tempfile.TemporaryDirectory(prefix="videoxception-") as copies:
        yield Parts(out, header, Path(copies))


def precision(out: str) -> str | None:
    """Return the precision of what is there; None if nothing is."""
    begun = pinned(out)
    if begun:
        return begun.model.precision
    return None if is_uri(out) else precision_in(Path(out))


def merged(out: str, results: Results, header: Header) -> Merged:
    """Write the tables anew."""
    if not is_uri(out):
        return merge(Path(out), results, header, "parquet")
    with tempfile.TemporaryDirectory(prefix="videoxception-") as folder:
        here = merge(Path(folder), results, header, "parquet")
        for table in Path(folder).iterdir():
            put(out, table.name, table.read_bytes())
    there = out.partition("?")[0].rstrip("/")
    answers, failures = (f"{there}/{Path(table).name}" for table in (here.answers, here.failures))
    return replace(here, answers=answers, failures=failures)
