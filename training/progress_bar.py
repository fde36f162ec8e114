"""A progress bar that shows how many, how fast, and the time left. Needs rich."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


@contextmanager
def bar(total: int, description: str, unit: str) -> Iterator[Callable[[], None]]:
    """A bar on standard error; what this gives moves it on by one."""
    text, left = TextColumn("{task.description}"), TimeRemainingColumn()
    with Progress(text, BarColumn(), MofNCompleteColumn(), _Rate(unit), left, console=Console(stderr=True)) as progress:
        task = progress.add_task(description, total=total)
        yield lambda: progress.advance(task)


class _Rate(ProgressColumn):
    """Things done a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The rate of the last while, or of the whole once it is over."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} {self._unit}/s")
