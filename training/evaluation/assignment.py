"""Who judges an item: one engine judges all, or each fold has its own, which was made without it."""

from collections.abc import Callable, Mapping
from zlib import crc32

from training.data.dataset import Item
from training.errors import TrainingError
from videoxception.engine import Engine

EngineOf = Callable[[Item], Engine]
"""The engine that is to judge an item."""


def one_engine(engine: Engine) -> EngineOf:
    """One engine for everything."""
    return lambda item: engine


def engine_by_fold(engines: Mapping[int, Engine]) -> EngineOf:
    """The engine of the item's own fold; asking for an item of another fold raises `TrainingError`."""

    def judge(item: Item) -> Engine:
        if item.fold is None or item.fold not in engines:
            have = ", ".join(str(fold) for fold in sorted(engines))
            raise TrainingError(f"{item.path} is of fold {item.fold}, and there are fold models of {have} alone")
        return engines[item.fold]

    return judge


def engines_in_turn(engines: Mapping[int, Engine]) -> EngineOf:
    """For items that none of the engines has seen: each takes about as many source videos, by their names."""
    order = [engines[fold] for fold in sorted(engines)]
    return lambda item: order[crc32(item.group.encode()) % len(order)]
