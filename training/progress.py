"""Progress bars where rich is installed and someone is looking; a line now and then, or silence, where not."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 10.0  # seconds between lines where no bar can be shown


def track(items: Sequence[T], description: str) -> Iterator[T]:
    """Yield the items one by one, with a bar on a terminal; elsewhere, what takes long prints a line now and then."""
    if sys.stderr.isatty():
        try:
            from rich.console import Console
            from rich.progress import track as rich_track
        except ImportError:
            pass
        else:
            return iter(rich_track(items, description, console=Console(stderr=True), transient=True))
    return _told(items, description)


def _told(items: Sequence[T], description: str) -> Iterator[T]:
    count = _Count(len(items), description, "items")
    for item in items:
        yield item
        count.advance()


@contextmanager
def byte_bar(description: str, total: int | None, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of bytes that came; on a terminal, show a bar, rate and time left."""
    if sys.stderr.isatty():
        try:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn
        except ImportError:
            pass
        else:
            columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
            with Progress("{task.description}", *columns, console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task(description, total=total, completed=done)
                yield lambda count: bar.advance(task, count)
                return
    yield lambda count: None


@contextmanager
def counting(total: int, description: str, unit: str) -> Iterator[Callable[[], None]]:
    """Yield a function to call for each thing done; show how many, how fast, and the time left.

    Without a terminal or without rich, on standard error, a line every ten seconds and one at the end.
    """
    if sys.stderr.isatty():
        try:
            from training.progress_bar import bar
        except ImportError:
            pass
        else:
            with bar(total, description, unit) as advance:
                yield advance
            return
    count = _Count(total, description, unit)
    yield count.advance
    count.show()


class _Count:
    """Counts, and prints the count now and then."""

    def __init__(self, total: int, description: str, unit: str) -> None:
        self._total = total
        self._description = description
        self._unit = unit
        self._done = 0
        self._started = self._shown = time.monotonic()

    def advance(self) -> None:
        """Count one more."""
        self._done += 1
        if time.monotonic() - self._shown > _PAUSE:
            self.show()

    def show(self) -> None:
        """Print the count, the rate and the time left."""
        self._shown = time.monotonic()
        rate = self._done / max(self._shown - self._started, 1e-3)
        left = timedelta(seconds=round((self._total - self._done) / max(rate, 1e-3)))
        counted = f"{self._description}: {self._done} of {self._total}, {rate:.1f} {self._unit}/s"
        print(f"{counted}, {left} left" if left else counted, file=sys.stderr, flush=True)
