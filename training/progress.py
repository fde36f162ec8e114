"""Progress bars where rich is installed and someone is looking; silence where not."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def track(items: Sequence[T], description: str) -> Iterator[T]:
    """The items one by one, with a bar on a terminal."""
    if sys.stderr.isatty():
        try:
            from rich.console import Console
            from rich.progress import track as rich_track
        except ImportError:
            pass
        else:
            return iter(rich_track(items, description, console=Console(stderr=True), transient=True))
    return iter(items)


@contextmanager
def byte_bar(description: str, total: int | None, done: int = 0) -> Iterator[Callable[[int], None]]:
    """A function to call with the number of bytes that came, with a bar, rate and time left on a terminal."""
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
