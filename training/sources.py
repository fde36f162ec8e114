"""Which source videos a run has learnt from: written down when it starts, since files and tables may change later."""

import json
from collections.abc import Iterable
from pathlib import Path

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
    except OSError as error:
        raise TrainingError(
            f"{run} does not tell what it has learnt from ({_NAME}: {error.strerror}), so that nothing can be measured"
            " fairly; train it again"
        ) from error


def seen_of(run: Path, items: Iterable[Item]) -> frozenset[str]:
    """The source videos of these items that a run has learnt from. Raises `TrainingError`."""
    return sources_of(run) & {item.group for item in items}


def check_unseen(run: Path, items: Iterable[Item]) -> None:
    """Raises `TrainingError` if a run has learnt from a source video of these items."""
    if seen := seen_of(run, items):
        raise TrainingError(
            f"{run} has learnt from {len(seen)} source videos that it would be measured on, such as {min(seen)}; the"
            " data or the table of --groups are not what it was trained with. Put them back, or train it again"
        )
