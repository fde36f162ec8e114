"""A connection, from the moment it is made: what uvicorn leaves open about those that misbehave.

One that does not send a whole request's head in time, or does not take its answers, is closed. What is not HTTP gets
problem details. There are never more connections than descriptors allow, nor more bytes of heads than a limit. Requests
that wait behind another end with their connection.
"""

import asyncio
import logging
import os
import resource
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.problems import Problem, response_of

HEAD_SECONDS = 10.0
"""For which a new connection may wait with its first request, and any may take to send a request's head."""

ANSWER_SECONDS = 30.0
"""For which an answer may wait for the client to take it."""

DRAIN_SECONDS = 10.0
"""For which the rest of a request's body is read once the request is answered."""

DRAIN_BYTES = 64 * 2**20
"""Of such a rest that are read at most."""

_HEAD_BYTES = 64 * 1024  # of what is no body: heads, and what may stand around chunks and behind them
_CHUNK_FRAME = 16  # bytes around a chunk that do not count
_UNANSWERED = 32  # requests of a connection at a time
_LINGER_SECONDS = 1.0  # between an answer that ends a connection and its end: to close at once could lose the answer
_LINGERING = 8  # connections at a time that are in between

_log = logging.getLogger(__name__)


class Room:
    """How many connections there may be, and which of them wait for a request: these make room for new ones.

    `note` is called for each connection over the limit: with "closed" if an idle one made room, else with "refused".
    """

    def __init__(self, most: float, note: Callable[[str], None] = lambda outcome: None) -> None:
        self._most = most
        self._note = note
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
        closed = self._close_first(self._waiting)
        self._note("closed" if closed else "refused")
        return closed

    def __contains__(self, connection: "Connection") -> bool:
        """Return whether a connection waits for a request."""
        return connection in self._waiting

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
            first.transport.abort()
        return first is not None


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with limits of our own.

    A method that the parser calls may raise a problem: uvicorn then calls `send_400_response`.
    """

    room: ClassVar[Room] = Room(float("inf"))
    keep_alive: ClassVar[float] = 75.0  # seconds for which it may be idle between requests
    _timer: asyncio.TimerHandle | None = None  # until the client must have sent what is waited for
    _answer_timer: asyncio.TimerHandle | None = None  # until it must have taken what it was sent
    _used = False  # whether it has carried a request
    _begun = False  # whether any of the next request's head has come
    _in_body = False  # whether a head has come, but not all of its body
    _head_bytes = 0  # that came since a request was complete and are no body
    _drained = 0  # bytes of a body that came since the answer
    _deaf = False  # whether whatever comes is ignored
    _problem: Problem | None = None  # that was raised

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._unanswered: deque[RequestResponseCycle] = deque()
        if self.room.admit(len(self.connections)):
            self._wait_for_head()
        else:
            detail = "the service has no descriptors left for this connection; try again in 1 s"
            self._refuse(Problem("overloaded", detail, {"Retry-After": "1"}))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_answer_timer()
        super().connection_lost(exc)
        self.pipeline.clear()
        self._abandon_requests()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > _HEAD_BYTES and not self._deaf:
            self._problem = Problem("malformed", f"the request's head is over the limit of {_HEAD_BYTES} bytes")
            self.send_400_response(self._problem.detail)

    def on_message_begin(self) -> None:
        self._begun = True
        if self in self.room:
            self._wait_for_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._begun, self._used = False, True
        self._stop_waiting()
        self._check_request()
        super().on_headers_complete()
        self._in_body = True
        self._unanswered.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        self._head_bytes = max(0, self._head_bytes - len(body) - _CHUNK_FRAME)
        super().on_body(body)
        if not self._unanswered:
            self._drained += len(body)
            if self._drained > DRAIN_BYTES:
                self._raise("the rest of the body is too long")

    def on_message_complete(self) -> None:
        self._in_body = False
        self._head_bytes = 0
        super().on_message_complete()
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False
        if not self._unanswered:
            self._wait_for_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unanswered.popleft()
        if self.transport.is_closing():
            self._start_answer_timer()
        elif not self._unanswered:
            self._drain() if self._in_body else self._wait_for_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_answer_timer()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_answer_timer()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, and end the connection.

        If it stands behind requests that are not answered yet, close after their answers instead. If its own request
        has an answer, or is not the first that waits for one, close at once.
        """
        self._deaf = True
        if self._unanswered and not self._in_body:
            self.cycle.keep_alive = False
        elif self._in_body and (len(self._unanswered) != 1 or self.cycle.response_started):
            self.transport.abort()
        else:
            self._abandon_requests()
            what = "this is not HTTP/1.1 as the service understands it; GET /docs shows how to ask"
            self._refuse(self._problem or Problem("malformed", what))

    def _should_upgrade(self) -> bool:
        return False

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore what follows a wish for another protocol: it could be of that protocol."""
        self._deaf = True

    def _check_request(self) -> None:
        if len(self._unanswered) >= _UNANSWERED:
            self._raise(f"more than {_UNANSWERED} requests wait for their answers")
        # The parser takes what follows such a head for the other protocol, a body too.
        if self.parser.should_upgrade() and _announces_body(self.headers):
            self._raise("the header Upgrade is not taken with a body; leave it out: send the request as HTTP/1.1")

    def _raise(self, detail: str) -> None:
        self._problem = Problem("malformed", detail)
        raise self._problem

    def _abandon_requests(self) -> None:
        """Tell the requests in hand that their client is gone: uvicorn tells only the last of them."""
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        idle = self._used and not self._begun
        self._timer = self.loop.call_later(self.keep_alive if idle else HEAD_SECONDS, self._on_silence)
        self.room.wait(self)

    def _drain(self) -> None:
        """Read the rest of a body whose request is answered: some clients look for the answer behind it only."""
        self._drained = 0
        self._timer = self.loop.call_later(DRAIN_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        self.room.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_answer_timer(self) -> None:
        self._stop_answer_timer()
        self._answer_timer = self.loop.call_later(ANSWER_SECONDS, self.transport.abort)

    def _stop_answer_timer(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None

    def _on_silence(self) -> None:
        if self._begun:
            detail = f"the request's head was not complete after {HEAD_SECONDS:g} seconds"
            self._refuse(Problem("slow-upload", detail))
        else:
            self.transport.abort()

    def _refuse(self, problem: Problem) -> None:
        """Give the connection's last answer, and end it soon."""
        self._deaf = True
        problem.headers["Connection"] = "close"
        answer = response_of(problem)
        head = b"".join(b"%s: %s\r\n" % header for header in (*self.server_state.default_headers, *answer.raw_headers))
        self.transport.write(STATUS_LINE[answer.status_code] + head + b"\r\n" + bytes(answer.body))
        self.transport.write_eof()
        self._stop_waiting()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
        self.room.refuse(self)


def _announces_body(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" \t0") != b"")
        for name, value in headers
    )


def connections(
    reserve: int, note: Callable[[str], None] = lambda outcome: None, idle: float = Connection.keep_alive
) -> type[Connection]:
    """Return the class of connections for a process that is to open `reserve` files and sockets more, beside them.

    If it may not open as many, connections get half of what it may. `note` is told of those over the limit (`Room`).
    They may be idle for `idle` seconds.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    most = float("inf")
    if limit != resource.RLIM_INFINITY:
        free = limit - len(os.listdir("/dev/fd"))
        most = max(1, free - min(reserve, free // 2))

    class Limited(Connection):
        room = Room(most, note)
        keep_alive = idle

    return Limited
