"""What every layout of a data set on disk provides: its classes, its protocols, and its items."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.config.data import DataConfig
from training.data.dataset import DataSet, Item, Part
from training.data.splits import leak
from training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Listing:
    """What is on disk, and the protocol that put each item into its part.

    Attributes:
        protocol: its name.
        about: what it is, in words.
        scored: the part that evaluation scores, None for all items.
        leaky: whether it shares source videos between parts, to compare with figures that were measured so.
        notes: what a person must know of these data, a sentence each.
    """

    items: tuple[Item, ...]
    protocol: str
    about: str = ""
    scored: Part | None = None
    leaky: bool = False
    notes: tuple[str, ...] = ()

    def part(self, part: str | None, classes: tuple[str, ...]) -> DataSet:
        """Return the items of one part, or all if it is None.

        Raises:
            TrainingError: a file that the data set's lists name is not there.
        """
        data = DataSet(tuple(item for item in self.items if part in (None, item.part)), classes)
        # A link that leads nowhere is there: it is a file that cannot be read.
        missing = [item.path for item in data.items if not (item.path.is_file() or item.path.is_symlink())]
        if missing:
            raise TrainingError(
                f"{len(missing)} of the {len(data)} videos that the list names are not there, the first {missing[0]}"
            )
        return data

    @property
    def folds(self) -> list[int]:
        """The folds that items have, sorted."""
        return sorted({item.fold for item in self.items if item.fold is not None})

    def describe(self, chosen: str) -> str:
        """Describe for people and model cards how the items at hand were `chosen`."""
        leaky = f"leaky: {self._leak:.1%} of the val part has a sibling in training" if self.leaky else ""
        return f"{self.protocol}: {'; '.join(words for words in (self.about, chosen, leaky) if words)}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """The notes, after a warning if the protocol is leaky."""
        if not self.leaky:
            return self.notes
        warning = (
            f"{self._leak:.1%} of the val part's items have a sibling of the same source in training, so that this"
            f" protocol measures memory; compare its figures only with others of the same protocol"
        )
        return (warning, *self.notes)

    @property
    def _leak(self) -> float:
        train, val = ([item.group for item in self.items if item.part == part] for part in ("train", "val"))
        return leak(train, val)


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which a data set lies on disk.

    Attributes:
        protocols: the names of the ways to split it that are its own, the default first.
        find_classes: lists the classes that are there. Raises `TrainingError`.
        load: lists the items of the classes asked for. Raises `TrainingError`.
        classes: those that are meant without --classes; all that are there if it is empty.
        annotations: whether --annotations means something.
    """

    protocols: tuple[str, ...]
    find_classes: Callable[[DataConfig], Sequence[str]]
    load: Callable[[DataConfig, Sequence[str]], Listing]
    classes: tuple[str, ...] = ()
    annotations: bool = False
