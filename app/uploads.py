"""An upload -> a private temporary file: streamed, counted and hashed as it comes, and never whole in memory."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from app.admission import Reservation
from app.problems import Problem

_FIELD = "file"
_MAX_PARTS = 8
_MAX_HEADER_BYTES = 8192  # of one part
_DRAINED, _DRAINING = 8 * 2**20, 2.0  # bytes and seconds that are taken of an upload that is refused already
_MULTIPART_ROOM = 64 * 1024  # what may surround the file in a multipart body


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, open and without a name: strangers choose names, and FFmpeg takes hints from them."""

    file: BinaryIO
    bytes: int
    sha256: str

    def again(self) -> BinaryIO:
        """The file once more; it stays open when the upload is gone, and whoever asks for it closes it."""
        return os.fdopen(os.dup(self.file.fileno()), "rb")


class _Sink:
    """Writes, counts and hashes a file's bytes, up to a limit, and holds as much room for them."""

    def __init__(self, file: BinaryIO, limit: int, reservation: Reservation) -> None:
        self._file = file
        self._reservation = reservation
        self._limit = limit
        self._hash = hashlib.sha256()
        self.bytes = 0

    def write(self, chunk: bytes) -> None:
        """Takes in a chunk. Raises the problems `too-large` and `overloaded`, and `OSError` if the disk is full."""
        self.bytes += len(chunk)
        if self.bytes > self._limit:
            raise too_large(self._limit)
        self._reservation.hold(self.bytes)
        self._hash.update(chunk)
        while chunk:  # an unbuffered file may take less than it is given
            chunk = chunk[self._file.write(chunk) :]

    @property
    def sha256(self) -> str:
        """Of what was written."""
        return self._hash.hexdigest()


@contextmanager
def _malformed() -> Iterator[None]:
    try:
        yield
    except FormParserError as error:
        raise Problem("malformed", f"the multipart body cannot be parsed: {error}") from error


class _Form:
    """Finds the part named "file" in a multipart body and hands its bytes to the sink; other fields are ignored."""

    def __init__(self, boundary: bytes, sink: _Sink) -> None:
        self._sink = sink
        self._parts = 0
        self._is_file = False
        self._header_bytes = 0
        self._header: tuple[bytes, bytes] = (b"", b"")
        self.found = False
        self.ended = False
        with _malformed():
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_part_data": self._on_part_data,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_end": self._on_end,
                },
            )

    def write(self, chunk: bytes) -> None:
        """Takes in a piece of the body. Raises the problems `malformed` and `too-large`."""
        with _malformed():
            self._parser.write(chunk)

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise Problem("malformed", f"the form has more than {_MAX_PARTS} parts; send the video alone")
        self._is_file = False
        self._header_bytes = 0
        self._header = (b"", b"")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header = (self._header[0], self._header[1] + data[start:end])

    def _on_header_end(self) -> None:
        name, value = self._header
        self._header = (b"", b"")
        if name.lower() == b"content-disposition" and parse_options_header(value)[1].get(b"name") == _FIELD.encode():
            if self.found:
                raise Problem(
                    "malformed", f"the form has more than one part named {_FIELD!r}; send one video a request"
                )
            self._is_file = self.found = True

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._sink.write(data[start:end])

    def _on_end(self) -> None:
        self.ended = True

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _MAX_HEADER_BYTES:
            raise Problem("malformed", "a part of the form has too long a header")


@asynccontextmanager
async def receive(
    request: Request, reservation: Reservation, folder: Path | None, limit: int, timeout: float
) -> AsyncIterator[Upload]:
    """The file in the request's body, a multipart form's part "file" or the raw body; gone on the way out.

    Raises the problems `malformed`, `no-file`, `too-large`, `slow-upload`, and `overloaded` when there is no room.
    """
    with ExitStack() as stack:
        try:
            _check_announced(request, limit)
            # Without a name and without a buffer: it ends with the process, whatever that ends of, and closing it has
            # nothing left to write.
            file = stack.enter_context(tempfile.TemporaryFile(dir=folder, buffering=0))
            sink = _Sink(cast(BinaryIO, file), limit, reservation)
            async with asyncio.timeout(timeout):
                await _read_body(request, sink, limit)
        except TimeoutError:
            detail = f"the upload was not complete after {timeout:g} seconds"
            raise Problem("slow-upload", detail, {"Connection": "close"}) from None
        except OSError as error:
            detail = f"the service has no room for the upload ({error.strerror}); try again later"
            raise await _hang_up(request, Problem("overloaded", detail, {"Retry-After": "10"})) from error
        except Problem as problem:
            raise await _hang_up(request, problem) from problem.__cause__
        yield Upload(cast(BinaryIO, file), sink.bytes, sink.sha256)


async def _hang_up(request: Request, problem: Problem) -> Problem:
    """The problem, after a look at whether the client has sent all that it wanted.

    A client that still sends may not hear an answer, and one that never stops must not be listened to for ever: so a
    little more is taken and thrown away, and then the connection is closed.
    """
    left = _DRAINED
    try:
        async with asyncio.timeout(_DRAINING):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    break
            else:
                return problem
    except RuntimeError:  # Starlette's word for a body that was read to its end
        return problem
    except (TimeoutError, ClientDisconnect):
        pass
    problem.headers["Connection"] = "close"
    return problem


def too_large(limit: int) -> Problem:
    """The problem of an upload over the limit, in bytes."""
    return Problem(
        "too-large", f"the upload is over the limit of {limit // 2**20} MiB; send a shorter or smaller video"
    )


def _check_announced(request: Request, limit: int) -> None:
    """Refuses what says of itself that it is too large before a byte of it is read."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit + _MULTIPART_ROOM:
        raise too_large(limit)


async def _read_body(request: Request, sink: _Sink, limit: int) -> None:
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    form: _Form | None = None
    if kind == b"multipart/form-data":
        if not parameters.get(b"boundary"):
            raise Problem("malformed", "the Content-Type multipart/form-data names no boundary")
        form = _Form(parameters[b"boundary"], sink)
    target = form or sink
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > limit + _MULTIPART_ROOM:
                raise too_large(limit)
            if chunk:
                target.write(chunk)
    except ClientDisconnect:
        raise Problem("malformed", "the connection was closed before the upload was complete") from None
    _check_complete(form, sink)


def _check_complete(form: _Form | None, sink: _Sink) -> None:
    if form is not None and not form.found:
        raise Problem("no-file", f"the form has no part named {_FIELD!r}: curl -F {_FIELD}=@clip.mp4 …/predict")
    if form is not None and not form.ended:
        raise Problem("malformed", "the multipart body ends too early")
    if sink.bytes == 0:
        what = "the body" if form is None else "the file"
        raise Problem("no-file", f"{what} is empty; send a video: curl -F {_FIELD}=@clip.mp4 …/predict")
