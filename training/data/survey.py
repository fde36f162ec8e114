"""What was found in the folders of a data set, and what was passed over and why: told before anything is trained."""

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.dataset import Item, is_passed_over
from training.data.readers.image_folder import FRAME_SUFFIXES, is_still
from videoxception.video_source import VIDEO_SUFFIXES

_NAMED = 12  # classes, of which each is named with its number of items
_SUFFIXES = 4  # of files of other kinds, that are named
_OTHER = "files of other kinds"


@dataclass(frozen=True, slots=True)
class Found:
    """Items of the classes, or of the auxiliary ones."""

    what: str
    per_class: dict[str, int]
    clips: int
    stills: int
    source_videos: int
    per_part: dict[str, int]

    def describe(self) -> str:
        """Return a line for people."""
        kinds = [_counted(self.clips, "clip")] * (self.clips > 0) + [_counted(self.stills, "still")] * (self.stills > 0)
        videos = _counted(self.source_videos, "source video")
        parts = f"; {', '.join(f'{part} {n}' for part, n in self.per_part.items())}" if len(self.per_part) > 1 else ""
        return f"found: {' and '.join(kinds)} of {videos}, {self._classes()}{parts}"

    def _classes(self) -> str:
        """Return the classes with their sizes, or the smallest and the largest of many."""
        count = f"{len(self.per_class)} {self.what}"
        if len(self.per_class) <= _NAMED:
            return f"{count}: {', '.join(f'{name} {n}' for name, n in self.per_class.items())}"
        low, high = (choose(self.per_class, key=self.per_class.__getitem__) for choose in (min, max))
        return f"{count} from {self.per_class[low]} ({low}) to {self.per_class[high]} ({high})"


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Files or folders that were not taken, all for one reason."""

    what: str
    count: int
    example: str  # below the data folder

    def describe(self) -> str:
        """Return a line for people."""
        return f"passed over: {self.what} ({self.count}), such as {self.example}"


@dataclass(frozen=True, slots=True)
class Survey:
    """What a data set's folders hold."""

    found: tuple[Found, ...]
    passed_over: tuple[PassedOver, ...]

    def describe(self) -> list[str]:
        """Return lines for people."""
        return [found.describe() for found in self.found] + [passed.describe() for passed in self.passed_over]


def count_items(what: str, classes: Sequence[str], items: Sequence[Item]) -> Found:
    """Count the items of some classes."""
    per_class = Counter(item.label for item in items)
    stills = sum(is_still(item.path) for item in items)
    return Found(
        what=what,
        per_class={name: per_class[name] for name in classes},
        clips=len(items) - stills,
        stills=stills,
        source_videos=len({item.group for item in items}),
        per_part=dict(Counter(item.part for item in items)),
    )


def passed_over(
    roots: Collection[Path], taken: Collection[Path], read: Collection[Path] = ()
) -> tuple[PassedOver, ...]:
    """Return what lies below some folders and was not taken as an item, nor `read`, the most frequent reason first."""
    kinds = {suffix for path in taken for suffix in (FRAME_SUFFIXES if is_still(path) else VIDEO_SUFFIXES)}
    left: defaultdict[str, list[str]] = defaultdict(list)
    for root in (root for root in roots if not any(other in root.parents for other in roots)):
        for path, reason in _left(root, frozenset([*taken, *read]), kinds):
            left[reason].append(path.relative_to(root).as_posix())
    found = (PassedOver(_named(reason, paths), len(paths), min(paths)) for reason, paths in left.items())
    return tuple(sorted(found, key=lambda each: (-each.count, each.what)))


def _left(root: Path, taken: frozenset[Path], kinds: Collection[str]) -> Iterator[tuple[Path, str]]:
    """Yield files and folders that were not taken, each with the reason. Nothing in a folder passed over is listed."""
    for place, folders, files in os.walk(root):
        for name in folders:
            if (reason := _reason_of_folder(Path(place, name))) is not None:
                yield Path(place, name), reason
        folders[:] = [name for name in folders if not is_passed_over(name)]
        if not folders and not files and Path(place) != root:
            yield Path(place), "empty folders"
        for path in (Path(place, name) for name in files):
            if path not in taken:
                yield path, _reason_of_file(path, kinds)


def _reason_of_folder(path: Path) -> str | None:
    if is_passed_over(path.name):
        return "hidden folders" if path.name.startswith(".") else "folders of archivers or viewers"
    return "links to folders" if path.is_symlink() else None


def _reason_of_file(path: Path, kinds: Collection[str]) -> str:
    if path.name.startswith("."):
        return "hidden files"
    if path.suffix.lower() not in kinds:
        return _OTHER
    return "files that no class, part or list of this run has"


def _named(reason: str, paths: Sequence[str]) -> str:
    """Return a reason, with the most frequent suffixes of files that are of other kinds."""
    if reason != _OTHER:
        return reason
    suffixes = Counter(sorted(Path(path).suffix.lower() or "without a suffix" for path in paths)).most_common()
    more = [", ..."] if len(suffixes) > _SUFFIXES else []
    return f"{reason} ({', '.join(suffix for suffix, _ in suffixes[:_SUFFIXES])}{''.join(more)})"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
