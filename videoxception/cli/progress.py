"""How far a long command has come, on standard error: a bar on a terminal, else a line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_EVERY = 10.0  # seconds between lines


@contextmanager
def progress(total: int) -> Iterator[Callable[[], None]]:
    """Return what is called when one more is done."""
    if sys.stderr.isatty():
        with _bar(total) as advance:
            yield advance
    else:
        yield _Lines(total)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], None]]:
    rate = TextColumn("{task.fields[rate]:.1f} a second, left:")
    columns = (BarColumn(None), MofNCompleteColumn(), rate, TimeRemainingColumn())
    begun = time.monotonic()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total, rate=0.0)

        def advance() -> None:
            done = bar.tasks[0].completed + 1
            bar.update(task, advance=1, rate=done / (time.monotonic() - begun))

        yield advance


class _Lines:
    """Prints a line every ten seconds."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._begun = self._told = time.monotonic()

    def __call__(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._told > _EVERY:
            self._told, rate = now, self._done / (now - self._begun)
            left = (self._total - self._done) / rate
            print(f"{self._done:,} of {self._total:,}, {rate:.1f} a second, {left:.0f} s left", file=sys.stderr)
