"""An upload -> a private temporary file: streamed, counted and hashed as it comes, and never whole in memory."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from app.admission import Reservation
from app.expectation import waits_for_leave
from app.multipart import FormReader, no_file
from app.problems import Problem
from app.query import declared

_DRAINED, _DRAINING = 8 * 2**20, 2.0  # bytes and seconds that are read of an upload that is refused already
_MULTIPART_ROOM = 64 * 1024  # what may surround the file in a multipart body
_TEXT_BYTES = 1024  # more than that is not looked at as the name of a file


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, open and without a name: clients choose names, and FFmpeg takes hints from them."""

    file: BinaryIO
    bytes: int
    sha256: str

    def again(self) -> BinaryIO:
        """Return the file, opened once more: it stays open when the upload is closed, and the caller must close it.

        Raise the problem `overloaded` if no more files can be opened.
        """
        try:
            return os.fdopen(os.dup(self.file.fileno()), "rb")
        except OSError as error:
            raise _no_room(error) from error


class _Sink:
    """Writes, counts and hashes a file's bytes, up to a limit, and reserves as much room for them."""

    def __init__(self, file: BinaryIO, limit: int, reservation: Reservation) -> None:
        self._file = file
        self._reservation = reservation
        self._limit = limit
        self._hash = hashlib.sha256()
        self.bytes = 0
        self.start = b""  # of the file, for a look at what it is when it is very small

    def write(self, chunk: bytes) -> None:
        """Take in a chunk. Raise the problem `too-large` or `overloaded`, and `OSError` if the disk is full."""
        self.bytes += len(chunk)
        if self.bytes > self._limit:
            raise too_large(self._limit)
        self._reservation.hold(self.bytes)
        self._hash.update(chunk)
        if len(self.start) < _TEXT_BYTES:
            self.start += chunk[:_TEXT_BYTES]
        while chunk:  # an unbuffered file may take less than it is given
            chunk = chunk[self._file.write(chunk) :]

    @property
    def sha256(self) -> str:
        """The hash of what was written."""
        return self._hash.hexdigest()


@asynccontextmanager
async def receive(
    request: Request, reservation: Reservation, folder: Path | None, limit: int, timeout: float
) -> AsyncIterator[Upload]:
    """Receive the file in a request's body (a form's part "file", or the raw body); it is gone when the context ends.

    Raise the problem `malformed`, `no-file`, `too-large`, `encoded`, `slow-upload`, or `overloaded` when there is no
    room.
    """
    with ExitStack() as stack:
        try:
            _check_announced(request, limit)
            _check_coding(request)
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
            raise await _hang_up(request, _no_room(error)) from error
        except Problem as problem:
            raise await _hang_up(request, problem) from problem.__cause__
        yield Upload(cast(BinaryIO, file), sink.bytes, sink.sha256)


def _no_room(error: OSError) -> Problem:
    detail = f"the service has no room for the upload ({error.strerror}); try again later"
    return Problem("overloaded", detail, {"Retry-After": "10"})


async def _hang_up(request: Request, problem: Problem) -> Problem:
    """Return the problem, set to close the connection if the client still sends.

    A client may not read an answer while it sends, and one that never stops must not be read from for ever: so a little
    more is read and thrown away first. A client that waits for leave to send has nothing to throw away.
    """
    if waits_for_leave(request):
        return problem
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
    """Return the problem of an upload over the limit, in bytes."""
    return Problem(
        "too-large", f"the upload is over the limit of {limit // 2**20} MiB; send a shorter or smaller video"
    )


def _check_announced(request: Request, limit: int) -> None:
    """Refuse a body whose Content-Length is over the limit before a byte of it is read."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit + _MULTIPART_ROOM:
        raise too_large(limit)


def _check_coding(request: Request) -> None:
    """Refuse a body that is not sent as it is: videos are compressed already, and what unpacks may be a bomb."""
    for name, plain in (("content-encoding", "identity"), ("transfer-encoding", "chunked")):
        codings = ",".join(request.headers.getlist(name)).lower().split(",")
        for coding in (coding.strip() for coding in codings):
            if coding not in ("", plain):
                detail = f"the body is sent with {name.title()}: {coding}; send the file as it is"
                raise Problem("encoded", detail, {"Accept-Encoding": "identity"})


async def _read_body(request: Request, sink: _Sink, limit: int) -> None:
    """Stream the body into the sink, through the form's reader if it is a form."""
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    form: FormReader | None = None
    if kind == b"multipart/form-data":
        if not parameters.get(b"boundary"):
            raise Problem("malformed", "the Content-Type multipart/form-data names no boundary")
        form = FormReader(parameters[b"boundary"], sink.write, declared(request))
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
    nameless = kind == b"application/x-www-form-urlencoded" if form is None else not form.named
    if nameless and _is_line_of_text(sink.start):
        raise no_file("the request holds a line of text and no file, as if the @ before its name was forgotten")


def _is_line_of_text(content: bytes) -> bool:
    """Return whether a whole file is one short line of text, as names are."""
    try:
        return len(content) < _TEXT_BYTES and content.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _check_complete(form: FormReader | None, sink: _Sink) -> None:
    """Raise the problem `no-file` or `malformed` unless a whole file came."""
    if form is not None:
        form.check_complete()
    if sink.bytes == 0:
        raise no_file("the body is empty" if form is None else "the file is empty")
