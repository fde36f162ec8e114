"""What lies in a folder of class folders: every file, what it is, and what is wrong with it, with the remedy."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.data.dataset import is_passed_over
from training.data.readers.image_folder import FRAME_SUFFIXES, is_still
from training.data.readers.video_folder import PART_NAMES
from videoxception.clip import WARNINGS, Clip, ClipSpec
from videoxception.video import VideoError, decode
from videoxception.video.still import read_still
from videoxception.video_source import VIDEO_SUFFIXES

_TABLES = (".tsv", ".csv", ".txt", ".json", ".md", ".html")
_PARTS = {name for names in PART_NAMES.values() for name in names}
_SHORT = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file lies: the part (train, val or test as the folder is called, or "") and the class ("" for none)."""

    path: Path
    part: str
    label: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a file, and what to do about it; whether it is of no use as it is."""

    path: Path
    what: str
    remedy: str
    useless: bool


@dataclass(frozen=True, slots=True)
class Media:
    """A video or still that can be read, with its clip."""

    place: Place
    bytes: int
    clip: Clip

    @property
    def still(self) -> bool:
        """Whether it is a still."""
        return is_still(self.place.path)


def list_places(root: Path) -> Iterator[Place]:
    """Yield every file below a folder, but for what archivers and viewers leave, sorted by path."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_passed_over(name))
        for name in sorted(files):
            path = Path(folder, name)
            above = path.relative_to(root).parts[:-1]
            part = above[0] if above and above[0].lower() in _PARTS else ""
            rest = above[1:] if part else above
            yield Place(path, part, rest[0] if rest else "")


def odd_file(place: Place) -> Trouble | None:
    """Return what is wrong with a file before it is opened; None for a video or still that may be good.

    A table or note beside the class folders is no trouble, and no media either: it is passed over by `is_media`.
    """
    path, suffix = place.path, place.path.suffix.lower()
    if path.name.startswith("."):
        return Trouble(path, "a hidden file", "it is passed over; rename it if it is meant to be there", False)
    if not path.exists():
        return Trouble(path, "a link that leads nowhere", "put the file there, or remove the link", True)
    if suffix not in (*VIDEO_SUFFIXES, *FRAME_SUFFIXES):
        return Trouble(
            path,
            f"its name ends in {suffix or 'nothing'}, as no video's does",
            "name it by its kind, or remove it",
            True,
        )
    if path.stat().st_size == 0:
        return Trouble(path, "an empty file", "copy it again from where it came, or remove it", True)
    if not place.label:
        return Trouble(path, "in no class's folder", "move it into the folder of its class", True)
    return None


def is_note(place: Place) -> bool:
    """Return whether a file is a table or a note that lies beside the class folders."""
    return not place.label and place.path.suffix.lower() in _TABLES


def read_media(place: Place, spec: ClipSpec) -> Media:
    """Read a video's or a still's clip; a still has one frame, and no duration. Raises `VideoError` and `OSError`."""
    size = place.path.stat().st_size
    if not is_still(place.path):
        return Media(place, size, decode(place.path, spec))
    frames = read_still(place.path, spec)[None]
    return Media(place, size, Clip(frames, None, 4, 3, place.path.suffix[1:].lower(), (0.0,)))


def unreadable(path: Path, error: VideoError | OSError) -> Trouble:
    """Return the trouble with a file that could not be read."""
    remedy = "encode it again (ffmpeg -i IN -c:v libx264 OUT.mp4), copy it anew, or remove it"
    return Trouble(path, str(error), remedy, True)


def oddities(media: Media) -> Iterator[Trouble]:
    """Yield what is odd about a file that can be read."""
    path, clip = media.place.path, media.clip
    for warning in clip.warnings:
        if warning in ("damaged", "truncated", "dolby vision", "short", "no times", "key frames only"):
            yield Trouble(
                path, f"{warning}: {WARNINGS[warning]}", "look at it; replace it if it shows too little", False
            )
    if clip.duration is not None and clip.duration < _SHORT:
        yield Trouble(path, f"lasts {clip.duration:.2f} seconds", "is the action to be seen? else cut it longer", False)
