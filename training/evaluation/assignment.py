"""Which engine scores an item: one whose weights have not learnt from the item's source video."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from training.evaluation.leakage import Hashes, is_class_learnt, is_learnt
from training.names import to_bytes
from videoxception.engine import Engine

EngineOf = Callable[[Item], Engine]
"""The engine that is to score an item."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """An engine, and the hashed names of the source videos and classes that its weights have learnt from.

    `complete` is whether these are all: a model from before such lists may be behind the weights.
    """

    name: str
    engine: Engine
    learnt: Hashes
    complete: bool = True


Fitness = Callable[[Scorer, Item], bool]
"""Whether a scorer may score an item."""


def is_new(scorer: Scorer, item: Item) -> bool:
    """Return whether the scorer has not learnt from the item's source video."""
    return not is_learnt(item, scorer.learnt)


def is_new_of_known_class(scorer: Scorer, item: Item) -> bool:
    """Return whether the scorer has learnt the item's class, but not from its source video."""
    return is_class_learnt(item.label, scorer.learnt) and is_new(scorer, item)


def is_of_new_class(scorer: Scorer, item: Item) -> bool:
    """Return whether the scorer has learnt neither the item's class nor from its source video."""
    return not is_class_learnt(item.label, scorer.learnt) and is_new(scorer, item)


@dataclass(frozen=True, slots=True)
class Assigned:
    """Items, and the engine that is to score each."""

    data: DataSet
    engine_of: EngineOf


def assign(data: DataSet, scorers: Sequence[Scorer], fits: Fitness = is_new) -> Assigned:
    """Return those of the items that a scorer fits, with its engine."""
    kept = data.where(lambda item: any(fits(scorer, item) for scorer in scorers))
    return Assigned(kept, engine_without(scorers, fits))


def one_engine(engine: Engine) -> EngineOf:
    """Return the same engine for every item."""
    return lambda item: engine


def engine_without(scorers: Sequence[Scorer], fits: Fitness = is_new) -> EngineOf:
    """Return the engine of a scorer that fits the item.

    Where there are several, each takes about as many source videos, by their names. Asking for an item that none of
    them fits raises `TrainingError`.
    """

    def engine_of(item: Item) -> Engine:
        fit = [scorer.engine for scorer in scorers if fits(scorer, item)]
        if not fit:
            raise TrainingError(f"{item.path} is of {item.group}, which every model at hand has learnt from")
        return fit[crc32(to_bytes(item.group)) % len(fit)]

    return engine_of
