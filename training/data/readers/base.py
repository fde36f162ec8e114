"""What every layout of a data set on disk has to tell: its classes, its protocols, and its items."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.config.schema import DataConfig
from training.data.dataset import Item, Part


@dataclass(frozen=True, slots=True)
class Listing:
    """What is on disk, and the protocol that put each item into its part.

    `about` says in words what the protocol is. `scored` is the part that evaluation scores, None for all items.
    `leaky` protocols share source videos between parts, and exist to compare with figures that were measured so.
    `notes` are what a person must know of these data, a sentence each.
    """

    items: tuple[Item, ...]
    protocol: str
    about: str = ""
    scored: Part | None = None
    leaky: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which a data set lies on disk.

    `find_classes` gives the names of the classes that are there and `load` the items of the classes asked for; both
    raise `TrainingError`. `classes` are those that are meant without --classes, all that are there if it is empty.
    `lists` says whether --annotations means something.
    """

    protocols: tuple[str, ...]
    find_classes: Callable[[DataConfig], Sequence[str]]
    load: Callable[[DataConfig, Sequence[str]], Listing]
    classes: tuple[str, ...] = ()
    annotations: bool = False
