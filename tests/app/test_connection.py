"""Connections that misbehave, and requests that few clients send, byte by byte."""

import asyncio
import logging
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from app.connection import Connection, Room
from app.settings import Settings
from tests.app.conftest import HeldEngine, serve, wait_until_ready
from tests.service import free_port, start
from tests.service import wait_until_ready as wait_until_process_is_ready
from tests.shipped import NAME
from tests.waiting import LONG, until

GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@contextmanager
def connected(client: httpx.Client, start: bytes = b"") -> Iterator[socket.socket]:
    """A connection to the service, on which something was sent."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=LONG) as connection:
        connection.sendall(start)
        yield connection


def until_closed(connection: socket.socket) -> bytes:
    """All that the service sends before it closes the connection."""
    return b"".join(iter(lambda: connection.recv(4096), b""))


def said(client: httpx.Client, request: bytes) -> bytes:
    """All that comes back for what is sent before the service closes the connection."""
    with connected(client, request) as connection:
        return until_closed(connection)


def post(content: bytes, *headers: bytes) -> bytes:
    """A request with a video."""
    lines = [b"POST /predict HTTP/1.1", b"Host: x", b"Content-Length: %d" % len(content), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + content


def kind(response: httpx.Response) -> str:
    """The kind of problem that an answer tells."""
    return str(response.json()["type"]).rpartition(":")[2]


@pytest.mark.parametrize("begun", [b"", b"\r\n", GET])
def test_a_connection_that_sends_no_request_is_closed(
    begun: bytes, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connection.HEAD_SECONDS", 0.3)
    monkeypatch.setattr("app.connection.Connection.keep_alive", 0.3)
    assert said(client, begun).count(b"HTTP/1.1") == (begun == GET)


def test_an_idle_connection_is_kept_longer_than_a_silent_new_one(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connection.HEAD_SECONDS", 0.3)
    with connected(client, GET) as used:
        used.recv(4096)
        assert said(client, b"") == b""  # one that was made later is closed before
        used.sendall(GET)
        assert used.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("before", [b"", GET])
def test_half_a_head_is_answered_and_closed(
    before: bytes, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connection.HEAD_SECONDS", 0.3)
    answers = said(client, before + b"GET /livez HTTP/1.1\r\nHost: x")
    assert answers.rpartition(b"HTTP/1.1 ")[2].startswith(b"408 ")
    assert b"application/problem+json" in answers
    assert b"urn:videoxception:problem:slow-upload" in answers


def test_a_head_without_end_is_refused(client: httpx.Client) -> None:
    answer = said(client, b"GET /livez HTTP/1.1\r\nX: " + b"x" * 200_000)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"the request's head is over the limit" in answer


MALFORMED = {
    "garbage": b"\x00\x01\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a proxy's request": b"CONNECT a:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST /predict HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "a length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"POST /predict HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    "a chunk without a size": b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a folded path": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_gets_problem_details(request_: bytes, client: httpx.Client) -> None:
    answer = said(client, request_)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"\r\ncontent-type: application/problem+json\r\n" in answer
    assert b"urn:videoxception:problem:malformed" in answer


def test_garbage_behind_a_request_does_not_take_its_answer(client: httpx.Client, video: Path) -> None:
    answer = said(client, post(video.read_bytes()) + b"\x00\x01\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_requests_that_are_left_behind_make_no_error(
    client: httpx.Client, video: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Some clients send several requests at once, and hang up at the first answer."""
    for behind in (GET, post(video.read_bytes()), post(b"no video")):
        with connected(client, post(video.read_bytes()) + 4 * behind):
            pass
    until(lambda: "requests_in_flight 0.0" in client.get("/metrics").text)
    assert client.post("/predict", content=video.read_bytes()).status_code == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_client_that_waits_for_leave_is_refused_before_it_sends(client: httpx.Client) -> None:
    """At 4 MiB; and since it never sends the body, nothing else can come on this connection."""
    request = b"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"
    answer = said(client, request)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"urn:videoxception:problem:too-large" in answer
    assert b"\r\nconnection: close\r\n" in answer


def test_a_client_that_waits_for_leave_gets_it(client: httpx.Client, video: Path) -> None:
    head, _, body = post(video.read_bytes(), b"Expect: 100-continue", b"Connection: close").partition(b"\r\n\r\n")
    with connected(client, head + b"\r\n\r\n") as connection:
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert until_closed(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd", "br", "identity, GZIP", "x-unknown"])
def test_an_encoded_body_is_refused_by_name(coding: str, client: httpx.Client, video: Path) -> None:
    response = client.post("/predict", content=video.read_bytes(), headers={"content-encoding": coding})
    assert (response.status_code, kind(response)) == (415, "encoded")
    assert f"Content-Encoding: {coding.rpartition(' ')[2].lower()};" in response.json()["detail"]
    assert response.headers["accept-encoding"] == "identity"


def test_an_encoded_transfer_is_refused_by_name(client: httpx.Client) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    answer = said(client, head + b"1\r\nx\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 415 ")
    assert b"urn:videoxception:problem:encoded" in answer
    assert b"Transfer-Encoding: gzip;" in answer


def test_a_body_may_say_that_it_is_not_encoded(client: httpx.Client, video: Path) -> None:
    headers = {"content-encoding": "identity"}
    assert client.post("/predict", content=video.read_bytes(), headers=headers).status_code == 200


WISH = b"POST /predict HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(GET)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("end", [LENGTH, CHUNKED])
@pytest.mark.parametrize("split", [1, WISH.index(b"ade: h2c"), len(WISH), -1])
def test_a_wish_for_another_protocol_is_refused_with_a_body(split: int, end: bytes, client: httpx.Client) -> None:
    """Java's client does so by default. However the head comes, its body is not taken for a request."""
    head = WISH + end
    with connected(client, GET + head[:split]) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        connection.sendall(head[split:] + GET)
        answer = until_closed(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"the header Upgrade is not taken with a body; leave it out: send the request as HTTP/1.1" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("end", [b"\r\n", b"Content-Length: 0\r\n\r\n"])
@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_a_wish_for_another_protocol_is_ignored_without_a_body(
    protocol: bytes, end: bytes, client: httpx.Client
) -> None:
    wish = WISH.replace(b"POST /predict", b"GET /livez").replace(b"h2c", protocol)
    answer = said(client, wish + end + GET)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def early(size: int) -> bytes:
    """The head of a request that is answered before its body comes."""
    return b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size


def until_cut(connection: socket.socket) -> bytes:
    """All that the service sends until it ends the connection in any way."""
    got = bytearray()
    with suppress(ConnectionError):
        while data := connection.recv(4096):
            got += data
    return bytes(got)


@pytest.mark.parametrize("body", [b"v" * 300_000, b"\r\nupgrade:" * (len(GET) // 2) + GET, 9000 * GET])
def test_what_is_left_of_an_answered_request_is_passed_over(body: bytes, client: httpx.Client) -> None:
    """Whatever it looks like, and however long it is."""
    with connected(client, early(len(body))) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 404 ")
        connection.sendall(body)
        connection.sendall(GET.replace(b"Host", b"Connection: close\r\nHost"))
        answer = until_closed(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(("limit", "rest"), [("DRAIN_SECONDS", b"v"), ("DRAIN_BYTES", b"v" * 100_000)])
def test_an_answered_request_that_goes_on_is_cut_off(
    limit: str, rest: bytes, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"app.connection.{limit}", 0.3)
    with connected(client, early(200_000)) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 404 ")
        connection.sendall(rest)
        assert until_cut(connection) == b""


def test_an_answered_request_that_breaks_gets_no_second_answer(client: httpx.Client) -> None:
    head = b"POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connected(client, head) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 404 ")
        connection.sendall(b"xyz\r\n")
        assert until_cut(connection) == b""


def test_trailers_without_end_are_refused(client: httpx.Client) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connected(client, head + b"1\r\nx\r\n0\r\n" + b"a: b\r\n" * 12_000) as connection:
        answer = until_cut(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"the request's head is over the limit" in answer


def test_small_chunks_are_no_long_head(client: httpx.Client, video: Path) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    content = video.read_bytes() + bytes(60_000)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in content)
    assert said(client, head + chunks + b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_a_long_head_behind_an_unanswered_request_is_not_kept(
    client_of: Callable[..., httpx.Client], held_engines: list[HeldEngine], video: Path
) -> None:
    client = client_of()
    wait_until_ready(client)
    held_engines[-1].shut()
    with connected(client, post(video.read_bytes())) as connection:
        assert held_engines[-1].entered.wait(LONG)
        connection.sendall(b"GET /livez HTTP/1.1\r\n" + b"a: b\r\n" * 100_000)
        held_engines[-1].gate.set()
        answer = until_cut(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_only_some_requests_can_wait_for_their_answers(client: httpx.Client) -> None:
    answers = said(client, 100 * GET)
    assert answers.count(b"HTTP/1.1 200 ") == answers.count(b"HTTP/1.1 ") == 32
    assert b"\r\nconnection: close\r\n" in answers.rpartition(b"HTTP/1.1 ")[2]


LARGE = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
UNTAKEN = {
    "one that ends the connection": LARGE.replace(b"Host", b"Connection: close\r\nHost"),
    "one that another can follow": LARGE,
    "one before a refusal": LARGE + b"\x00\x01",
    "many": 32 * LARGE,
}


@pytest.mark.parametrize("requests", UNTAKEN.values(), ids=UNTAKEN)
def test_an_answer_that_is_not_taken_is_dropped(requests: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("HEAD_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(f"app.connection.{limit}", 0.3)
    ended = threading.Event()

    class Narrow(Connection):
        keep_alive = 0.3

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            ended.set()

    with serve(Settings(device="cpu", model=NAME), Narrow) as client, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.connect((client.base_url.host, client.base_url.port))
        connection.sendall(requests)
        assert ended.wait(LONG)


def test_without_descriptors_new_connections_are_answered(video: Path, caplog: pytest.LogCaptureFixture) -> None:
    """All that there may be wait for their answers: the next is told so, one line is logged, and then all is well."""

    noted: list[str] = []

    class Few(Connection):
        room = Room(3, noted.append)

    unfinished = post(video.read_bytes(), b"Expect: 100-continue")[:-1]
    with serve(Settings(device="cpu", model=NAME, answer_cache=0), Few) as client, ExitStack() as stack:
        wait_until_ready(client)
        client.close()
        busy = [stack.enter_context(connected(client, unfinished)) for _ in range(3)]
        assert [connection.recv(4096) for connection in busy] == 3 * [b"HTTP/1.1 100 Continue\r\n\r\n"]
        for _ in range(3):
            answer = said(client, post(video.read_bytes()))
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 1\r\n" in answer
            assert b"urn:videoxception:problem:overloaded" in answer
        for connection in busy:
            connection.sendall(video.read_bytes()[-1:])
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert said(client, post(video.read_bytes(), b"Connection: close")).startswith(b"HTTP/1.1 200 ")
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "3 connections, all that the limit on descriptors allows: idle ones are closed"
    ]
    assert noted.count("refused") == 3


def test_idle_connections_make_room_for_new_ones() -> None:
    noted: list[str] = []

    class Few(Connection):
        room = Room(3, noted.append)

    with serve(Settings(device="cpu", model=NAME), Few) as client, ExitStack() as stack:
        idle = [stack.enter_context(connected(client)) for _ in range(9)]
        assert until_closed(idle[0]) == b""
        assert said(client, GET.replace(b"Host", b"Connection: close\r\nHost")).startswith(b"HTTP/1.1 200 ")
    assert set(noted) == {"closed"}


def test_a_service_with_few_descriptors_survives_a_crowd(video: Path) -> None:
    port = free_port()
    environment = os.environ | {"VX_PORT": str(port), "VX_DEVICE": "cpu", "VX_MODEL": NAME, "VX_DECODERS": "2"}
    command = ["sh", "-c", f"ulimit -n 48; exec {sys.executable} -m app"]
    with start(command, environment) as service, ExitStack() as stack:
        address = wait_until_process_is_ready(service, f"http://127.0.0.1:{port}")
        with httpx.Client(base_url=address, timeout=LONG) as client:
            for _ in range(100):
                stack.enter_context(connected(client))
            assert client.post("/predict", content=video.read_bytes()).status_code == 200
            counted = re.findall(r"connections_over_limit_total\{outcome=.(\w+).\} (\d+)", client.get("/metrics").text)
    assert sum(int(count) for _, count in counted) > 50


def test_connections_leave_the_descriptors_that_requests_take() -> None:
    """Counted in a process that may open 100 files, and has three open."""
    script = """
import resource
from app.connection import connections
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
print([connections(reserve).room._most for reserve in (20, 1000)])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    few, half = eval(done.stdout)
    assert 60 < few <= 77
    assert 40 < half <= 49
