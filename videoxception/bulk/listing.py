"""The videos below a folder."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from videoxception.video_source import VIDEO_SUFFIXES


@dataclass(frozen=True, slots=True)
class Listing:
    """The videos, by their paths from the folder, sorted; and how many other files there are."""

    folder: Path
    videos: list[str]
    others: int


def find_videos(folder: Path, leave_out: Path | None = None, every_file: bool = False) -> Listing:
    """List the videos in a folder and those in it, but for one that is left out.

    Hidden files and folders are passed over; links to folders are not followed. Raise `OSError` if a folder cannot be
    read: a listing with a gap would look complete.
    """
    videos, others = [], 0
    for path in _files(folder, leave_out):
        if every_file or path.suffix.lower() in VIDEO_SUFFIXES:
            videos.append(path.relative_to(folder).as_posix())
        else:
            others += 1
    return Listing(folder, sorted(videos), others)


def _files(folder: Path, leave_out: Path | None) -> Iterator[Path]:
    hidden_out = leave_out.resolve() if leave_out else None
    for here, folders, names in os.walk(folder, onerror=_fail):
        place = Path(here)
        folders[:] = [name for name in folders if name[0] != "." and (place / name).resolve() != hidden_out]
        yield from (place / name for name in names if name[0] != "." and (place / name).is_file())


def _fail(error: OSError) -> None:
    raise error
