"""The videos of a source."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from videoxception.bulk.errors import BulkError
from videoxception.bulk.sources import Source, is_uri, open_uri
from videoxception.video_source import VIDEO_SUFFIXES


@dataclass(frozen=True, slots=True)
class Listing:
    """The videos, by their names in the source, in order; and how many other files there are."""

    source: Source
    videos: list[str]
    others: int


def find(source: str, leave_out: Path | None = None, every_file: bool = False) -> Listing:
    """List the videos below a folder or a URI, or those of a manifest: a text file with a path or a URI a line.

    Raise `BulkError` if there is nothing of that name, and `OSError` if it cannot be read.
    """
    if is_uri(source):
        return _below(source, every_file)
    path = Path(source)
    if path.is_dir():
        return find_videos(path, leave_out, every_file)
    if not path.is_file():
        raise BulkError(f"there is no folder {source}, and no manifest")
    if path.suffix.lower() in VIDEO_SUFFIXES:
        raise BulkError(f"{source} is a video: `videoxception predict` takes it; classify takes a folder or a manifest")
    lines = path.read_text(errors="surrogateescape").splitlines()
    return Listing(Source(str(path.absolute().parent), manifest=True), list(dict.fromkeys(filter(None, lines))), 0)


def find_videos(folder: Path, leave_out: Path | None = None, every_file: bool = False) -> Listing:
    """List the videos in a folder and those in it, but for one that is left out.

    Hidden files and folders are passed over; links to folders are not followed. Raise `OSError` if a folder cannot be
    read: a listing with a gap would look complete.
    """
    names = [path.relative_to(folder).as_posix() for path in _files(folder, leave_out)]
    return _listing(Source(str(folder.absolute())), names, every_file)


def _listing(source: Source, names: list[str], every_file: bool) -> Listing:
    videos = [name for name in names if every_file or Path(name).suffix.lower() in VIDEO_SUFFIXES]
    return Listing(source, sorted(videos), len(names) - len(videos))


def _below(uri: str, every_file: bool) -> Listing:
    from pyarrow.fs import FileSelector, FileType

    filesystem, folder = open_uri(uri)
    try:
        found = filesystem.get_file_info(FileSelector(folder, recursive=True))
    except OSError as error:
        raise BulkError(f"{uri} cannot be listed: {error}") from error
    names = [entry.path.removeprefix(f"{folder}/") for entry in found if entry.type == FileType.File]
    shown = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    return _listing(Source(uri), shown, every_file)


def _files(folder: Path, leave_out: Path | None) -> Iterator[Path]:
    hidden_out = leave_out.resolve() if leave_out else None
    for here, folders, names in os.walk(folder, onerror=_fail):
        place = Path(here)
        folders[:] = [name for name in folders if name[0] != "." and (place / name).resolve() != hidden_out]
        yield from (place / name for name in names if name[0] != "." and (place / name).is_file())


def _fail(error: OSError) -> None:
    raise error
