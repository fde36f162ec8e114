"""A connection, from the moment it is made: what uvicorn leaves open about those that misbehave.

One that does not send a whole request's head in time is closed. What is not HTTP gets problem details. There are never
more connections than descriptors allow. Requests that wait behind another end with their connection.
"""

import asyncio
import logging
import os
import re
import resource
from typing import ClassVar

from httptools import HttpRequestParser
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.problems import Problem, response_of

HEAD_SECONDS = 10.0
"""For which a connection may wait for a request, or take to send its head. An idle one is closed by uvicorn after 5."""

_HEAD_BYTES = 64 * 1024
_UPGRADE = re.compile(rb"\r\nupgrade:", re.IGNORECASE)
_LINGER_SECONDS = 1.0  # between an answer that ends a connection and its end: to close at once could lose the answer
_LINGERING = 8  # connections at a time that are in between

_log = logging.getLogger(__name__)


class Room:
    """How many connections there may be, and which of them wait for a request: these make room for new ones."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._waiting: dict[Connection, None] = {}  # in the order in which they began to wait
        self._refused: dict[Connection, None] = {}  # answered, but not closed yet
        self._crowded = False

    def admit(self, connections: int) -> bool:
        """Return whether the last of so many connections can stay, after closing another if need be."""
        connections -= len(self._refused)
        if connections <= self._most:
            self._crowded &= connections > self._most / 2
            return True
        if not self._crowded:
            self._crowded = True
            _log.warning("%d connections, all that the limit on descriptors allows: idle ones are closed", self._most)
        return self._close_first(self._waiting)

    def wait(self, connection: "Connection") -> None:
        """Note that a connection waits for a request."""
        self._waiting[connection] = None

    def refuse(self, connection: "Connection") -> None:
        """Note that a connection has got its last answer. If there are many of those, the first is closed."""
        self.leave(connection)
        self._refused[connection] = None
        if len(self._refused) > _LINGERING:
            self._close_first(self._refused)

    def leave(self, connection: "Connection") -> None:
        """Note that a connection is closed, or has got a request."""
        self._waiting.pop(connection, None)
        self._refused.pop(connection, None)

    def _close_first(self, connections: "dict[Connection, None]") -> bool:
        first = next(iter(connections), None)
        if first is not None:
            self.leave(first)
            first.transport.close()
        return first is not None


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with limits of our own."""

    room: ClassVar[Room] = Room(float("inf"))
    _timer: asyncio.TimerHandle | None = None  # until the next request's head must have come
    _begun = False  # whether any of that head has come
    _head_bytes = 0  # that came while it was waited for
    _refused = False  # whether the connection's last answer was given, and whatever comes is ignored

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._cycles: list[RequestResponseCycle] = []  # requests that are not answered yet
        if self.room.admit(len(self.connections)):
            self._wait_for_head()
        else:
            detail = "the service has no descriptors left for this connection; try again in 1 s"
            self._refuse(Problem("overloaded", detail, {"Retry-After": "1"}))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)
        self.pipeline.clear()
        self._abandon_requests()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        waiting = self._timer is not None
        super().data_received(_without_upgrade(data) if waiting else data)
        if waiting and self._timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES and not self._refused:
                self._refuse(Problem("malformed", f"the request's head is over the limit of {_HEAD_BYTES} bytes"))

    def on_message_begin(self) -> None:
        self._begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._begun = False
        self._stop_waiting()
        super().on_headers_complete()
        self._cycles = [*self._unanswered, self.cycle]

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._unanswered and not self.transport.is_closing():
            self._wait_for_head()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP. If requests before it were not answered yet, close after their answers instead."""
        if self._unanswered and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self._refused = True
            return
        self._abandon_requests()
        self._refuse(
            Problem("malformed", "this is not HTTP/1.1 as the service understands it; GET /docs shows how to ask")
        )

    def _unsupported_upgrade_warning(self) -> None:
        """Go on with a new parser: one that was told to upgrade takes nothing more."""
        self.parser = HttpRequestParser(self)

    @property
    def _unanswered(self) -> list[RequestResponseCycle]:
        return [cycle for cycle in self._cycles if not cycle.response_complete]

    def _abandon_requests(self) -> None:
        """Tell the requests in hand that their client is gone: uvicorn tells only the last of them."""
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._head_bytes = 0
        self._timer = self.loop.call_later(HEAD_SECONDS, self._on_silence)
        self.room.wait(self)

    def _stop_waiting(self) -> None:
        self.room.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_silence(self) -> None:
        if self._begun:
            detail = f"the request's head was not complete after {HEAD_SECONDS:g} seconds"
            self._refuse(Problem("slow-upload", detail))
        else:
            self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        """Give the connection's last answer, and end it soon."""
        self._refused = True
        problem.headers["Connection"] = "close"
        answer = response_of(problem)
        head = b"".join(b"%s: %s\r\n" % header for header in (*self.server_state.default_headers, *answer.raw_headers))
        self.transport.write(STATUS_LINE[answer.status_code] + head + b"\r\n" + bytes(answer.body))
        self.transport.write_eof()
        self._stop_waiting()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
        self.room.refuse(self)


def _without_upgrade(data: bytes) -> bytes:
    """Return the start of a request with a wish for another protocol (Java's clients have it) hidden from the parser.

    A server may ignore it (RFC 9110, section 7.8), but this parser would throw the request's body away.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"\r\nx-upgrade:", head) + end + body


def connections(reserve: int) -> type[Connection]:
    """Return the class of connections for a process that is to open `reserve` files and sockets more, beside them.

    If it may not open as many, connections get half of what it may.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return Connection
    free = limit - len(os.listdir("/dev/fd"))

    class Limited(Connection):
        room = Room(max(1, free - min(reserve, free // 2)))

    return Limited
