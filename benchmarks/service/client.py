"""Uploads over HTTP at little cost: requests are built once, and sent over blocking sockets.

The client shares the machine's cores with what it measures. A request is one `sendall` of prepared bytes, and an answer
a few `recv`; nothing is encoded, copied or scheduled, as it would be by a client library or asyncio.
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
    """Build the request that uploads a file to /predict. Of its name, only the suffix is sent."""
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
        """Send a request; return the answer. Raises `OSError` without one; the next request then reconnects."""
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
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _is_closed(connection: socket.socket) -> bool:
    """Return whether the server has closed the connection: between answers there is nothing else to read."""
    return bool(select.select([connection], [], [], 0)[0])


def _receive(connection: socket.socket) -> tuple[Response, bool]:
    """Receive an answer; return it and whether the connection stays open. Raises `OSError` without a length."""
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
