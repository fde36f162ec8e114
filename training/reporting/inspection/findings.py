"""What was found in a folder of class folders, and what follows from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.dataset import Item
from training.data.found_groups import FoundGroups
from training.data.inspected_files import Media, Trouble
from training.data.near_duplicates import Floats
from training.evaluation.doubted_files import DoubtedFile

_FEW, _UNEVEN = 10, 3.0  # clips of a class; times the smallest class
_TWINS = 0.85  # similarity of clips of two classes that are worth a look
_MOST_TWINS = 24


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Of one class: files, source videos that were found, and seconds of video with the median of its files'."""

    name: str
    files: int
    source_videos: int
    seconds: float
    median: float | None


@dataclass(frozen=True, slots=True)
class Twins:
    """Two rows of different classes that look alike, and how much."""

    rows: tuple[int, int]
    similarity: float


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found.

    Attributes:
        media: files that can be read, (N,); what else is of them goes by the same rows.
        copies: sets of files that are equal byte for byte.
        similarity: how alike files are, (N, N).
        groups: the source videos that were found; its items are in the order of `media`.
        doubted: files by how far a model doubts their labels, most first; None if no model was asked.
    """

    root: Path
    media: Sequence[Media]
    troubles: Sequence[Trouble]
    copies: Sequence[Sequence[Path]]
    similarity: Floats
    groups: FoundGroups
    doubted: Sequence[DoubtedFile] | None

    @property
    def classes(self) -> list[ClassFigures]:
        """Figures of each class, by name."""
        return [self._figures(name) for name in sorted({item.label for item in self.groups.items})]

    def _figures(self, name: str) -> ClassFigures:
        rows = [row for row, item in enumerate(self.groups.items) if item.label == name]
        seconds = [length for row in rows if (length := self.media[row].clip.duration) is not None]
        return ClassFigures(
            name,
            len(rows),
            len({self.groups.items[row].group for row in rows}),
            sum(seconds),
            float(np.median(seconds)) if seconds else None,
        )

    @property
    def copies_in_two_classes(self) -> list[Sequence[Path]]:
        """Equal files that lie in folders of different classes."""
        label = {item.path: item.label for item in self.groups.items}
        return [same for same in self.copies if len({label[path] for path in same}) > 1]

    @property
    def twins(self) -> list[Twins]:
        """Files of different classes that look alike, the most alike first."""
        names = np.unique([item.label for item in self.groups.items], return_inverse=True)[1]
        alike = np.triu(np.where(names[:, None] != names[None], self.similarity, 0), 1)
        pairs = np.argwhere(alike >= _TWINS).tolist()
        found = [Twins((one, other), float(alike[one, other])) for one, other in pairs]
        return sorted(found, key=lambda pair: -pair.similarity)[:_MOST_TWINS]

    @property
    def leaks(self) -> list[list[Item]]:
        """Source videos with files in several of the folders train, val and test, as far as looks tell."""
        part = {each.place.path: each.place.part for each in self.media}
        groups: dict[str, list[Item]] = {}
        for item in self.groups.items:
            groups.setdefault(item.group, []).append(item)
        return [items for items in groups.values() if len({part[item.path] for item in items} - {""}) > 1]

    @property
    def useless(self) -> list[Trouble]:
        """Files that cannot be trained on as they are."""
        return [trouble for trouble in self.troubles if trouble.useless]

    def summary(self) -> list[str]:
        """Return lines for people: what is there, and what to do first."""
        seconds = sum(each.seconds for each in self.classes)
        stills = sum(each.still for each in self.media)
        videos = [f"{_count(len(self.media) - stills, 'video')} ({seconds / 60:.1f} minutes)"] * (
            stills < len(self.media)
        )
        counted = " and ".join([*videos, *[_count(stills, "still")] * (stills > 0)])
        return [f"{counted} of {len(self.classes)} classes", *self.groups.describe()[:1], *self.advice()]

    def advice(self) -> Iterator[str]:
        """Yield what a person should do before training, the most urgent first."""
        if same := self.copies_in_two_classes:
            yield f"{_count(len(same), 'file')} lying in two classes at once: keep each in one"
        if self.leaks:
            leaks = _count(len(self.leaks), "source video")
            yield f"{leaks} in several of train, val and test, by their looks: move each into one"
        if self.useless:
            yield f"{_count(len(self.useless), 'file')} of no use as they are: the remedy stands beside each"
        yield from self._balance()
        if self.groups.upper_bound:
            yield self.groups.upper_bound
        if copies := sum(len(same) - 1 for same in self.copies):
            yield f"{_count(copies, 'copy', 'copies')} of other files, which teach nothing new"
        if self.doubted and (contradicted := sum(each.doubt > 0 for each in self.doubted)):
            yield f"{_count(contradicted, 'label')} contradicted by the model: look at them from the top of the list"

    def _balance(self) -> Iterator[str]:
        figures = self.classes
        if len(figures) < 2:
            yield "there is one class only: a model needs another to tell it from, such as anything else"
        if few := [each for each in figures if each.files < _FEW]:
            names = ", ".join(f"{each.name} ({each.files})" for each in few)
            yield f"fewer than {_FEW} clips: {names}; more of them helps most"
        if single := [each.name for each in figures if each.source_videos < 2]:
            yield f"of a single source video, so that nothing can be held out: {', '.join(single)}; film more"
        counts = [each.files for each in figures]
        if max(counts) > _UNEVEN * min(counts):
            yield f"the largest class has {max(counts) / min(counts):.0f} times the clips of the smallest"


def _count(number: int, one: str, several: str = "") -> str:
    """Return words such as "1 file" and "2 files"."""
    return f"{number} {one if number == 1 else several or one + 's'}"
