"""A video on its way to the service: read in pieces, and from its beginning again for another try."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread

from videoxception.video_source import Source

_PIECE = 2**18  # bytes


class Upload:
    """A video to send. Of a file object, what is sent begins where it stands."""

    def __init__(self, video: Source) -> None:
        self._video = io.BytesIO(video) if isinstance(video, bytes | bytearray | memoryview) else video
        self._start: int | None = None
        if not isinstance(self._video, str | PathLike) and self._video.seekable():
            self._start = self._video.tell()

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent more than once."""
        return isinstance(self._video, str | PathLike) or self._start is not None

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Return the video to be read from its beginning. Raise `OSError` if it cannot be."""
        if isinstance(self._video, str | PathLike):
            return Path(self._video).open("rb")
        if self._start is not None:
            self._video.seek(self._start)
        return nullcontext(self._video)


def size_headers(file: BinaryIO) -> dict[str, str]:
    """Return the header that says how much is left of a file, if that can be known."""
    if not file.seekable():
        return {}
    here = file.tell()
    size = file.seek(0, io.SEEK_END) - here
    file.seek(here)
    return {"Content-Length": str(size)}


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of a file."""
    while piece := file.read(_PIECE):
        yield piece


async def async_pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    """Yield the rest of a file, read beside the event loop."""
    while piece := await anyio.to_thread.run_sync(file.read, _PIECE):
        yield piece
