"""Who judges an item: one engine judges all, or each fold has its own, which was made without it."""

from collections.abc import Callable, Mapping

from training.data import Item
from training.errors import TrainingError
from videoxception.engine import Engine

Judges = Callable[[Item], Engine]
"""The engine that is to judge an item."""


def always(engine: Engine) -> Judges:
    """One engine for everything."""
    return lambda item: engine


def by_fold(engines: Mapping[int, Engine]) -> Judges:
    """The engine of the item's own fold. The judges raise `TrainingError` for an item of a fold that has none."""

    def judge(item: Item) -> Engine:
        if item.fold is None or item.fold not in engines:
            have = ", ".join(str(fold) for fold in sorted(engines))
            raise TrainingError(f"{item.path} is of fold {item.fold}, and there are fold models of {have} alone")
        return engines[item.fold]

    return judge


def in_turns(engines: Mapping[int, Engine]) -> Judges:
    """For items that none of the engines has seen: each takes every so-manyth fold."""
    order = [engines[fold] for fold in sorted(engines)]
    return lambda item: order[(item.fold or 0) % len(order)]
