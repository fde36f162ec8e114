"""Which source videos a run has learnt from: written down when it starts, since files and tables may change later."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from training import checkpoint
from training.config import Config
from training.data import Item
from training.errors import TrainingError
from training.files import write_atomically

_NAME = "sources.json"


def note_sources(run: Path, groups: Iterable[str]) -> None:
    """Adds source videos to those that a run has learnt from."""
    before = sources_of(run) if (run / _NAME).exists() else frozenset[str]()
    write_atomically(run / _NAME, json.dumps(sorted(before.union(groups)), indent=0).encode())


def sources_of(run: Path) -> frozenset[str]:
    """The source videos that a run has learnt from. Raises `TrainingError`."""
    try:
        return frozenset(json.loads((run / _NAME).read_text()))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{run} does not tell what it has learnt from ({_NAME}: {error}), so that nothing can be measured fairly;"
            " train it again"
        ) from error


def runs_before(config: Config) -> dict[Path, Config]:
    """Runs that a run began with or was taught by, those before these, and their configs. Raises `TrainingError`."""
    found: dict[Path, Config] = {}
    waiting = [config]
    while waiting:
        each = waiting.pop()
        for run in (Path(name) for name in (each.init, *each.teacher.names) if name):
            if run.is_dir() and run not in found:
                found[run] = checkpoint.read_config(run)
                waiting.append(found[run])
    return found


def check_start(config: Config, own: Collection[Item], others: Collection[Item]) -> None:
    """Raises `TrainingError` if a run that this one began with, or was taught by, has learnt from its own items.

    Items of others decide no answer: that they were seen is said, and flatters how well they are told.
    """
    for run in runs_before(config):
        check_unseen(run, own)
        if seen := _seen(run, others):
            print(
                f"note: {run} has learnt from {len(seen)} source videos of others that are held out, so that how well"
                " classes seen in training are told is flattered; say so with --note"
            )


def check_unseen(run: Path, items: Iterable[Item]) -> None:
    """Raises `TrainingError` if a run has learnt from a source video of these items."""
    if seen := _seen(run, items):
        raise TrainingError(
            f"{run} has learnt from {len(seen)} source videos that it would be measured on, such as {min(seen)}; the"
            " data or the table of --groups are not what it was trained with. Put them back, or train it again"
        )


def _seen(run: Path, items: Iterable[Item]) -> frozenset[str]:
    return sources_of(run) & {item.group for item in items}
