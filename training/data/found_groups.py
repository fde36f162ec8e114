"""Source videos that were found by how clips look, as a table for --groups."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.atomic_write import write_atomically
from training.data.dataset import Item

COLUMN = "group"
_COLUMNS = ("path", COLUMN, "fold", "clips", "similarity", "sure")
_SURE = ((0.7, "sure"), (0.55, "likely"), (0.0, "perhaps"))


@dataclass(frozen=True, slots=True)
class FoundGroups:
    """Items with the source videos and folds that were found, and how alike each is to its nearest in its group.

    Attributes:
        similarity: (N,); 1 where names or equal files told, 0 for an item that is alone.
        refused: pairs that look alike, but would have made a group too large.
        by_looks: whether looks told some of it, and not names or tables alone.
    """

    items: tuple[Item, ...]
    similarity: Sequence[float]
    refused: int
    by_looks: bool

    @property
    def sizes(self) -> list[int]:
        """How many items each group has, the largest first."""
        return sorted(Counter(item.group for item in self.items).values(), reverse=True)

    @property
    def upper_bound(self) -> str:
        """Why accuracy by these groups may be flattered, in words; "" if nothing speaks for it."""
        if not self.by_looks:
            return ""
        return (
            "source videos found by looks are not all that there are (docs/lab-notes/data.md): the accuracy is an"
            " upper bound; --groups tells what belongs together"
        )

    def describe(self) -> list[str]:
        """Return lines for people: how many groups, how large, and what is not sure."""
        sizes = self.sizes
        alone = sum(size == 1 for size in sizes)
        found = f"{len(self.items)} clips look like {len(sizes)} source videos"
        lines = [f"{found}: the largest has {sizes[0]} clips, {alone} have one"]
        return [*lines, *([self.upper_bound] if self.upper_bound else [])]

    def write(self, path: Path, root: Path) -> str:
        """Write the table; return what --groups is to be given. Paths stand below `root`, the data folder."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t", lineterminator="\n")
        writer.writerow(_COLUMNS)
        sizes = Counter(item.group for item in self.items)
        for item, similarity in zip(self.items, self.similarity, strict=True):
            size = sizes[item.group]
            how = _sure(similarity) if size > 1 else "alone"
            name = item.path.relative_to(root).as_posix()
            writer.writerow((name, item.group, item.fold, size, f"{similarity:.2f}", how))
        write_atomically(path, text.getvalue().encode())
        return f"{path}:{COLUMN}"


def _sure(similarity: float) -> str:
    return next(word for least, word in _SURE if similarity >= least)
