"""Progress bars where rich is installed and someone is looking; silence where not."""

import sys
from collections.abc import Iterator, Sequence
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
