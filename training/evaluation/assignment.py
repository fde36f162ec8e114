"""Which engine scores an item: one whose weights have not learnt from the item's source video."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from zlib import crc32

from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from training.evaluation.leakage import Hashes, is_learnt
from videoxception.engine import Engine

EngineOf = Callable[[Item], Engine]
"""The engine that is to score an item."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """An engine, and the hashed names of the source videos that its weights have learnt from.

    `complete` is whether these are all: a model from before such lists may be behind the weights.
    """

    name: str
    engine: Engine
    learnt: Hashes
    complete: bool = True


def one_engine(engine: Engine) -> EngineOf:
    """Return the same engine for every item."""
    return lambda item: engine


def engine_without(scorers: Sequence[Scorer]) -> EngineOf:
    """Return the engine of a scorer that has not learnt from the item's source video.

    Where there are several, each takes about as many source videos, by their names. Asking for an item that all of them
    have learnt from raises `TrainingError`.
    """

    def engine_of(item: Item) -> Engine:
        fit = [scorer.engine for scorer in scorers if not is_learnt(item, scorer.learnt)]
        if not fit:
            raise TrainingError(f"{item.path} is of {item.group}, which every model at hand has learnt from")
        return fit[crc32(item.group.encode()) % len(fit)]

    return engine_of


def without_learnt(data: DataSet, learnt: Collection[Hashes]) -> DataSet:
    """Return the items from whose source videos at least one of some models has not learnt."""
    learnt_by_all = frozenset[str].intersection(*learnt)
    return data.where(lambda item: not is_learnt(item, learnt_by_all))
