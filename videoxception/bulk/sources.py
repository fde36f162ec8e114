"""Where videos lie: below a folder or a URI of an object store, or where a manifest says. Any of them -> a file.

Object stores are read by PyArrow, which finds credentials and endpoints as the store's own tools do. Keys are taken
letter by letter: nothing in them is decoded.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videoxception.bulk.errors import BulkError

if TYPE_CHECKING:  # it needs an extra
    from pyarrow.fs import FileSystem

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """What the names of videos count from: a folder or a URI; in a `manifest`, names may also stand alone."""

    root: str
    manifest: bool = False

    def place(self, video: str) -> str:
        """Return a video's path or URI."""
        if self.manifest and (is_uri(video) or os.path.isabs(video)):
            return video
        base, mark, query = self.root.partition("?") if is_uri(self.root) else (self.root, "", "")
        return f"{base.rstrip('/')}/{video}{mark}{query}"

    def path(self, video: str) -> Path:
        """Return the path of a video that lies on a disk."""
        return Path(self.place(video))

    @contextmanager
    def fetch(self, video: str, most: int) -> Iterator[Path]:
        """Give a file with a video: itself, or a copy that is removed in the end.

        Raise `OSError` if it is not there or cannot be read, `TooLarge` if there are more than `most` bytes to copy,
        and `BulkError` if the store fails: then it is no fault of the video.
        """
        if not is_uri(self.place(video)):
            yield self.path(video)
            return
        with tempfile.NamedTemporaryFile(prefix="videoxception-") as copy:
            self._copy(video, copy, most)
            yield Path(copy.name)

    def _copy(self, video: str, copy: Any, most: int) -> None:
        from videoxception.video.errors import TooLarge

        filesystem, key = self._opened(video)
        try:
            with filesystem.open_input_stream(key) as stream:
                while chunk := stream.read(_CHUNK):
                    copy.write(chunk)
                    if copy.tell() > most:
                        raise TooLarge(f"there is more to read than the limit of {most:,} bytes")
            copy.flush()
        except FileNotFoundError:
            raise
        except OSError as error:
            what = f"{self.place(video)} cannot be fetched: {error}"
            raise BulkError(f"{what}. The same command goes on later") from error

    def _opened(self, video: str) -> "tuple[FileSystem, str]":
        if self.manifest and is_uri(video):
            return open_uri(video, query=False)
        filesystem, folder = open_uri(self.root)
        return filesystem, f"{folder}/{video}"


def is_uri(name: str) -> bool:
    """Return whether a name is a URI, such as s3://bucket/folder, and no path."""
    return "://" in name


def open_uri(uri: str, query: bool = True) -> "tuple[FileSystem, str]":
    """Return the file system of a URI, and the place in it. What stands behind a "?" are options of PyArrow's.

    Raise `BulkError` if there is none.
    """
    scheme, _, rest = uri.partition("://")
    rest, _, options = rest.partition("?") if query else (rest, "", "")
    return _filesystem(f"{scheme}://{rest.partition('/')[0]}" + (f"?{options}" if options else "")), rest.rstrip("/")


@cache
def _filesystem(bucket: str) -> "FileSystem":
    from pyarrow.fs import FileSystem

    try:
        return FileSystem.from_uri(bucket)[0]
    except (ValueError, OSError) as error:  # ArrowInvalid is a ValueError
        raise BulkError(f"{bucket} cannot be opened: {error}") from error
