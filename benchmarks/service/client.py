"""Uploads over HTTP at next to no cost: requests are made once, and sent over blocking sockets.

The client shares the machine's cores with what it measures. A request is one `sendall` of bytes that are there already,
and an answer a few `recv`; nothing is encoded, copied or scheduled for it, as a client library or asyncio would.
"""

import select
import socket
from dataclasses import dataclass, field
from pathlib import Path

_BOUNDARY = "----------------benchmark"
_PATIENCE = 120.0  # seconds for an answer


@dataclass(frozen=True, slots=True)
class Request:
    """A POST of a file as the part "file" of a multipart form, with its headers: all the bytes that are sent."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP status and a body."""

    status: int
    body: bytes


def prepare(path: Path) -> Request:
    """The request that uploads a file to /predict. Its name is left out but for the suffix."""
    part = f'Content-Disposition: form-data; name="file"; filename="clip{path.suffix}"\r\nContent-Type: video/mp4'
    body = f"--{_BOUNDARY}\r\n{part}\r\n\r\n".encode() + path.read_bytes() + f"\r\n--{_BOUNDARY}--\r\n".encode()
    head = (
        "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Request(path.name, head.encode() + body)


class Connection:
    """A connection to a port of this machine: kept from one request to the next, and made again if it is lost.

    A context manager.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(self, request: Request) -> Response:
        """The answer. Raises `OSError` if there is none; the next request then has a connection of its own."""
        if self._socket is None or _is_closed(self._socket):
            self.close()
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
        try:
            self._socket.sendall(request.content)
            response, lasts = _receive(self._socket)
        except BaseException:
            self.close()
            raise
        if not lasts:
            self.close()
        return response

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _is_closed(connection: socket.socket) -> bool:
    """Whether the other side has gone away since the last answer: nothing else is there to be read between answers."""
    return bool(select.select([connection], [], [], 0)[0])


def _receive(connection: socket.socket) -> tuple[Response, bool]:
    """An answer, and whether the connection lasts. Raises `OSError` for one that does not say how long it is."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if b"content-length" not in headers:
        raise OSError("the answer has no Content-Length")
    while len(body) < int(headers[b"content-length"]):
        body += _some(connection)
    return Response(int(status.split()[1]), body), headers.get(b"connection", b"").lower() != b"close"


def _some(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionError("the connection was closed before the answer was complete")
    return received
