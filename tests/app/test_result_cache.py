import asyncio
import re
import socket
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.decoding import Decoders
from app.problems import Problem
from app.result_cache import ResultCache
from app.routes import predict
from tests.app.conftest import HeldEngine
from tests.shipped import REFERENCE
from tests.videos import make_video
from tests.waiting import LONG

Clients = Callable[..., httpx.Client]


class Work:
    """Work that ends when it is told to, and counts how often it was begun and cancelled."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = self.cancelled = 0
        self.end = asyncio.Event()
        self._error = error

    async def __call__(self) -> str:
        self.begun += 1
        number = self.begun
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self._error:
            raise self._error
        return f"answer {number}"


async def start(*asking: Coroutine[Any, Any, Any]) -> list["asyncio.Task[Any]"]:
    """Those who ask, as tasks that wait for the work by now."""
    tasks = [asyncio.create_task(one) for one in asking]
    for _ in range(3):  # a turn for those who ask, one for the work, and one to spare
        await asyncio.sleep(0)
    return tasks


def test_who_asks_at_the_same_time_shares_the_work_and_who_comes_later_gets_what_is_known() -> None:
    async def test() -> None:
        cache, work = ResultCache[str](10), Work()
        first, second = await start(cache.get("a", work), cache.get("a", work))
        work.end.set()
        assert await first == ("answer 1", "miss")
        assert await second == ("answer 1", "shared")
        assert await cache.get("a", work) == ("answer 1", "hit")
        assert work.begun == 1
        assert await cache.get("b", work) == ("answer 2", "miss")

    asyncio.run(test())


def test_the_answer_that_was_not_asked_for_longest_is_forgotten() -> None:
    async def test() -> None:
        cache, work = ResultCache[str](2), Work()
        work.end.set()
        asked = [(await cache.get(key, work))[1] for key in ("a", "b", "a", "c", "a", "b")]
        assert asked == ["miss", "miss", "hit", "miss", "hit", "miss"]

    asyncio.run(test())


def test_nothing_is_kept_or_shared_when_it_is_off() -> None:
    async def test() -> None:
        cache, work = ResultCache[str](0), Work()
        first, second = await start(cache.get("a", work), cache.get("a", work))
        work.end.set()
        assert [await first, await second] == [("answer 1", "off"), ("answer 2", "off")]

    asyncio.run(test())


def test_the_work_goes_on_when_the_first_who_asked_is_cancelled() -> None:
    async def test() -> None:
        cache, work = ResultCache[str](10), Work()
        first, second = await start(cache.get("a", work), cache.get("a", work))
        first.cancel()
        await asyncio.wait([first])
        work.end.set()
        assert await second == ("answer 1", "shared")
        assert (first.cancelled(), work.cancelled) == (True, 0)

    asyncio.run(test())


def test_the_work_ends_with_the_last_who_asked_and_can_be_asked_for_anew() -> None:
    async def test() -> None:
        cache, work = ResultCache[str](10), Work()
        tasks = await start(cache.get("a", work), cache.get("a", work))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert work.cancelled == 1
        work.end.set()
        assert await cache.get("a", work) == ("answer 2", "miss")

    asyncio.run(test())


def test_who_asks_while_the_work_is_being_cancelled_gets_work_of_its_own() -> None:
    async def test() -> None:
        cache, leave = ResultCache[str](10), asyncio.Event()

        async def stubborn() -> str:
            try:
                return await asyncio.Future()
            finally:
                await leave.wait()

        (first,) = await start(cache.get("a", stubborn))
        first.cancel()
        work = Work()
        (second,) = await start(cache.get("a", work))
        leave.set()
        await asyncio.wait([first])
        (third,) = await start(cache.get("a", work))
        work.end.set()
        assert [await second, await third] == [("answer 1", "miss"), ("answer 1", "shared")]

    asyncio.run(test())


def test_those_who_wait_for_work_that_failed_leave_later_work_alone() -> None:
    async def test() -> None:
        cache, work = ResultCache[str](10), Work()
        asked: list[asyncio.Task[Any]] = []

        async def fail() -> str:
            await asyncio.sleep(0)
            asked.append(asyncio.create_task(cache.get("a", work)))  # begins before those who wait hear of the end
            raise Problem("overloaded", "x")

        with pytest.raises(Problem):
            await cache.get("a", fail)
        asked += await start(cache.get("a", work))
        work.end.set()
        assert [await one for one in asked] == [("answer 1", "miss"), ("answer 1", "shared")]

    asyncio.run(test())


def test_errors_are_shared_and_never_kept() -> None:
    async def test() -> None:
        cache, work = ResultCache[str](10), Work(Problem("too-long", "x"))
        work_again = Work()
        work_again.end.set()
        tasks = await start(cache.get("a", work), cache.get("a", work))
        work.end.set()
        said = await asyncio.gather(*tasks, return_exceptions=True)
        assert [getattr(one, "kind", None) for one in said] == ["too-long"] * 2
        assert work.begun == 1
        assert await cache.get("a", work_again) == ("answer 1", "miss")

    asyncio.run(test())


def cached(response: httpx.Response) -> str | None:
    """How the service says that an answer came about."""
    found = re.search(r"cache;desc=(\w+)", response.headers.get("server-timing", ""))
    return found[1] if found else None


class Asked:
    """How often the service asked itself for an answer and for a decoded file, in order that tests can wait for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.decoded = 0
        self._asked = threading.Semaphore(0)
        get, decode = ResultCache.get, Decoders.decode

        def count_get(*arguments: Any) -> Any:
            self._asked.release()
            return get(*arguments)

        def count_decode(*arguments: Any) -> Any:
            self.decoded += 1
            return decode(*arguments)

        monkeypatch.setattr(ResultCache, "get", count_get)
        monkeypatch.setattr(Decoders, "decode", count_decode)

    def wait(self) -> None:
        """Returns when one more request has been received whole and asks for its answer."""
        assert self._asked.acquire(timeout=LONG)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


class Posting(threading.Thread):
    """A request with a video, under way."""

    def __init__(self, client: httpx.Client, content: bytes) -> None:
        super().__init__()
        self._address, self._content = client.base_url.join("/predict"), content
        self.start()

    def run(self) -> None:
        self._response = httpx.post(self._address, content=self._content, timeout=LONG)

    def response(self) -> httpx.Response:
        self.join()
        return self._response


def test_an_upload_that_comes_again_is_answered_from_memory(
    client_of: Clients, video: Path, tmp_path: Path, asked: Asked
) -> None:
    client = client_of(answer_cache=1)
    first, again = (client.post("/predict", content=video.read_bytes()) for _ in range(2))
    in_a_form = client.post("/predict", files={"file": video.read_bytes()}, params={"model": REFERENCE})
    assert [cached(first), cached(again), cached(in_a_form)] == ["miss", "hit", "hit"]
    assert first.json() == again.json() == in_a_form.json()
    assert re.findall(r"(\w+);dur", again.headers["server-timing"]) == ["upload"]
    assert asked.decoded == 1
    other = make_video(tmp_path / "b.mp4", "libx264", 12).read_bytes()
    assert cached(client.post("/predict", content=other)) == "miss"
    assert cached(client.post("/predict", content=video.read_bytes())) == "miss"  # there was room for one


def test_another_coverage_is_answered_from_memory_too(
    client_of: Clients, video: Path, set_store: Path, asked: Asked
) -> None:
    client = client_of(answer_cache=1, model_store=str(set_store), model="toy")
    coverages = ("0.999", "0.5", "0.999")
    answers = [client.post("/predict", params={"coverage": each}, content=video.read_bytes()) for each in coverages]
    assert [cached(each) for each in answers] == ["miss", "hit", "hit"]
    assert len(answers[1].json()["answer_set"]) < len(answers[0].json()["answer_set"])
    assert answers[2].json() == answers[0].json()
    assert asked.decoded == 1


def test_no_answer_is_kept_when_the_cache_is_off(client_of: Clients, video: Path, asked: Asked) -> None:
    client = client_of(answer_cache=0)
    assert [cached(client.post("/predict", content=video.read_bytes())) for _ in range(2)] == [None, None]
    assert asked.decoded == 2


def test_refusals_are_not_kept(client_of: Clients, asked: Asked) -> None:
    client = client_of(answer_cache=10)
    assert [client.post("/predict", content=b"no video").status_code for _ in range(2)] == [415, 415]
    assert asked.decoded == 2


def test_identical_uploads_in_flight_are_decoded_and_inferred_once(
    client_of: Clients, video: Path, held_engines: list[HeldEngine], asked: Asked
) -> None:
    client = client_of(answer_cache=10)
    (engine,) = held_engines
    engine.shut()
    postings = []
    for _ in range(3):
        postings.append(Posting(client, video.read_bytes()))
        asked.wait()
    engine.gate.set()
    responses = [posting.response() for posting in postings]
    assert [response.status_code for response in responses] == [200] * 3
    assert [cached(response) for response in responses] == ["miss", "shared", "shared"]
    assert responses[0].json() == responses[1].json() == responses[2].json()
    assert (asked.decoded, engine.clips) == (1, [1])


def hang_up(client: httpx.Client, content: bytes, after: Callable[[], None]) -> None:
    """Sends a whole upload, and closes the connection without waiting for the answer."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content)
        after()


def test_the_others_are_answered_when_the_first_client_goes_away(
    client_of: Clients, video: Path, held_engines: list[HeldEngine], asked: Asked, uploads: Path
) -> None:
    client = client_of(answer_cache=10, temp_dir=uploads)
    (engine,) = held_engines
    engine.shut()
    joined: list[Posting] = []

    def join() -> None:
        asked.wait()
        joined.append(Posting(client, video.read_bytes()))
        asked.wait()

    hang_up(client, video.read_bytes(), join)
    late = Posting(client, video.read_bytes())
    asked.wait()
    engine.gate.set()
    assert [cached(joined[0].response()), cached(late.response())] == ["shared", "shared"]
    assert (asked.decoded, engine.clips) == (1, [1])
    assert list(uploads.iterdir()) == []


def test_the_file_stays_open_for_the_others_when_the_first_client_goes_away_while_it_is_decoded(
    client_of: Clients, video: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode, within, gate, gone = Decoders.decode, predict.within, asyncio.Event(), threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    joined: list[Posting] = []

    async def decode_later(*arguments: Any) -> Any:
        loops.append(asyncio.get_running_loop())
        await gate.wait()
        return await decode(*arguments)

    async def tell(*arguments: Any) -> Any:
        try:
            return await within(*arguments)
        finally:
            gone.set()  # the request ends before the event loop comes to anything else

    def join() -> None:
        asked.wait()
        joined.append(Posting(client, video.read_bytes()))
        asked.wait()

    monkeypatch.setattr(Decoders, "decode", decode_later)
    monkeypatch.setattr(predict, "within", tell)
    client = client_of(answer_cache=10)
    hang_up(client, video.read_bytes(), join)
    assert gone.wait(LONG)
    loops[0].call_soon_threadsafe(gate.set)
    assert joined[0].response().status_code == 200
    assert len(loops) == 1
