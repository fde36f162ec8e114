"""Both clients, against answers that are planted here, and against a running service."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from app.examples import CLASSES, MODELS, PREDICT
from tests.app.conftest import serve
from tests.service import free_port
from tests.shipped import NAME
from tests.videos import make_video
from videoxception.api.problems import PREFIX
from videoxception.client import (
    AsyncClient,
    BadRequest,
    Client,
    ClientError,
    ProblemError,
    Retries,
    Unauthorized,
    Unavailable,
    Unreachable,
    VideoRefused,
)

Handler = Callable[[httpx.Request], httpx.Response]
Ask = Callable[[Handler, str, list[Any], dict[str, Any]], Any]


def ask_sync(handler: Handler, method: str, arguments: list[Any], options: dict[str, Any]) -> Any:
    """What a client's method returns where `handler` is the network."""
    with Client("http://x/prefix", transport=httpx.MockTransport(handler), **options) as client:
        return getattr(client, method)(*arguments)


def ask_async(handler: Handler, method: str, arguments: list[Any], options: dict[str, Any]) -> Any:
    """The same of the other client."""

    async def asked() -> Any:
        async with AsyncClient("http://x/prefix", transport=httpx.MockTransport(handler), **options) as client:
            return await getattr(client, method)(*arguments)

    return anyio.run(asked)


@pytest.fixture(params=[ask_sync, ask_async], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, none of which is made."""
    made: list[float] = []

    async def note(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr("time.sleep", made.append)
    monkeypatch.setattr("anyio.sleep", note)
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    return made


def problem(kind: str, status: int, **headers: str) -> httpx.Response:
    body = {"type": PREFIX + kind, "title": "t", "status": status, "detail": "the remedy"}
    return httpx.Response(status, json=body, headers={"X-Request-ID": "here", **headers})


def in_turn(*outcomes: httpx.Response | Exception) -> tuple[Handler, list[bytes]]:
    """A handler that gives these outcomes, and the bodies of the requests so far."""
    left, bodies = list(outcomes), []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return handler, bodies


def test_answers_are_typed(ask: Ask) -> None:
    assert ask(in_turn(httpx.Response(200, json=PREDICT))[0], "predict", [b"x"], {}).model_dump() == PREDICT
    assert ask(in_turn(httpx.Response(200, json=MODELS))[0], "models", [], {}).models[0].accuracy.top1 == 0.925
    assert ask(in_turn(httpx.Response(200, json=CLASSES))[0], "classes", [], {}).classes == CLASSES["classes"]


def test_what_is_asked(ask: Ask) -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=CLASSES)

    ask(handler, "classes", ["a@1"], {"api_key": "secret"})
    (request,) = asked
    assert str(request.url) == "http://x/prefix/classes?model=a%401"
    assert request.headers["authorization"] == "Bearer secret"
    assert request.headers["user-agent"].startswith("videoxception/")


def test_a_busy_service_is_asked_again_when_it_says(ask: Ask, pauses: list[float]) -> None:
    busy, answer = problem("overloaded", 503, **{"Retry-After": "4"}), httpx.Response(200, json=PREDICT)
    lost = httpx.ConnectError("refused"), httpx.RemoteProtocolError("closed")
    handler, bodies = in_turn(busy, *lost, problem("not-ready", 503), answer)
    assert ask(handler, "predict", [io.BytesIO(b"whole")], {}).label == "Punch"
    assert bodies == [b"whole"] * 5
    assert pauses == [1.25 * seconds for seconds in (4, 1, 2, 4)]


@pytest.mark.parametrize(
    ("outcome", "tries", "error"),
    [
        (lambda: problem("overloaded", 503), 3, Unavailable),
        (lambda: problem("overloaded", 503, **{"Retry-After": "61"}), 1, Unavailable),
        (lambda: problem("deadline", 504), 1, Unavailable),
        (lambda: problem("not-a-video", 415), 1, VideoRefused),
        (lambda: problem("too-long", 422), 1, VideoRefused),
        (lambda: problem("unknown-model", 404), 1, BadRequest),
        (lambda: problem("unauthorized", 401), 1, Unauthorized),
        (lambda: httpx.ConnectError("refused"), 3, Unreachable),
        (lambda: httpx.ReadTimeout("slow"), 1, Unreachable),
        (lambda: httpx.Response(502, text="<html>"), 3, Unavailable),
        (lambda: httpx.Response(200, text="<html>"), 1, ClientError),
    ],
)
def test_errors_have_types(
    outcome: Callable[[], httpx.Response | Exception],
    tries: int,
    error: type[ClientError],
    ask: Ask,
    pauses: list[float],
) -> None:
    handler, bodies = in_turn(*(outcome() for _ in range(3)))
    with pytest.raises(ClientError) as raised:
        ask(handler, "predict", [b"x"], {"retries": Retries(3)})
    assert type(raised.value) is error
    assert (len(bodies), len(pauses)) == (tries, tries - 1)


def test_an_error_tells_what_the_service_said(ask: Ask) -> None:
    with pytest.raises(ProblemError, match="the remedy") as raised:
        ask(in_turn(problem("too-long", 422))[0], "predict", [b"x"], {})
    assert (raised.value.kind, raised.value.problem.status, raised.value.request_id) == ("too-long", 422, "here")


def test_what_can_be_read_once_is_sent_once(ask: Ask, pauses: list[float]) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    handler, bodies = in_turn(problem("overloaded", 503), httpx.Response(200, json=PREDICT))
    with pytest.raises(Unavailable):
        ask(handler, "predict", [Pipe(b"x")], {})
    assert (bodies, pauses) == ([b"x"], [])


def test_every_form_of_a_video_is_sent_as_it_is(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(content := bytes(range(256)) * 3000)
    with path.open("rb") as file, path.open("rb") as rest:
        rest.seek(100)
        forms = [path, str(path), content, bytearray(content), memoryview(content), file, rest]
        for form in forms:
            handler, bodies = in_turn(httpx.Response(200, json=PREDICT))
            ask(handler, "predict", [form], {})
            assert bodies == [content[100:] if form is rest else content]


def test_a_service_that_is_not_there_is_not_ready(ask: Ask) -> None:
    assert not ask(in_turn(httpx.ConnectError("refused"))[0], "ready", [], {})
    assert not ask(in_turn(problem("not-ready", 503))[0], "ready", [], {})
    assert ask(in_turn(httpx.Response(200, json={"status": "ready"}))[0], "ready", [], {})


SEGMENT = {name: PREDICT[name] for name in PREDICT if name not in ("model", "clip", "sha256")} | {"start": 0, "end": 2}
WHOLE = PREDICT | {
    "windows": {"window": 2, "step": 1, "smoothing": 2, "shortest": 1},
    "timeline": [{"start": 0, "end": 3, "label": None, "confidence": 0.5}],
}
BUSY = {"title": "t", "status": 503, "detail": "the remedy"}


def lines(*said: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, text="".join(json.dumps(line) + "\n" for line in said))


def look_sync(handler: Handler) -> list[Any]:
    """What a client says of a timeline where `handler` is the network."""
    with Client("http://x", transport=httpx.MockTransport(handler)) as client:
        return list(client.timeline(b"x", 2, 1, coverage=0.9))


def look_async(handler: Handler) -> list[Any]:
    """The same of the other client."""

    async def looked() -> list[Any]:
        async with AsyncClient("http://x", transport=httpx.MockTransport(handler)) as client:
            return [said async for said in client.timeline(b"x", 2, 1, coverage=0.9)]

    return anyio.run(looked)


@pytest.mark.parametrize("look", [look_sync, look_async])
def test_a_timeline_comes_line_by_line(look: Callable[[Handler], list[Any]], pauses: list[float]) -> None:
    asked: list[httpx.Request] = []
    good = lines({"type": "segment", **SEGMENT}, {"type": "result", **WHOLE})
    handler, _ = in_turn(problem("overloaded", 503), good)

    def noted(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return handler(request)

    segment, whole = look(noted)
    assert (segment.end, segment.label, whole.timeline[0].label, whole.label) == (2, "Punch", None, "Punch")
    assert len(pauses) == 1
    assert dict(asked[1].url.params) == {"window": "2", "step": "1", "coverage": "0.9"}
    assert asked[1].headers["accept"] == "application/jsonl"


@pytest.mark.parametrize("look", [look_sync, look_async])
def test_a_timeline_that_ends_early_is_an_error(look: Callable[[Handler], list[Any]]) -> None:
    with pytest.raises(Unreachable, match="ended the answer before its last line"):
        look(in_turn(lines({"type": "segment", **SEGMENT}))[0])
    with pytest.raises(Unavailable, match="the remedy") as raised:
        look(in_turn(lines({"type": "problem", "problem": PREFIX + "overloaded", **BUSY}))[0])
    assert raised.value.kind == "overloaded"
    with pytest.raises(VideoRefused):
        look(in_turn(problem("too-long", 422))[0])


def test_a_running_service_answers_both(video: Path, tmp_path: Path) -> None:
    from app.settings import Settings

    (tmp_path / "text").write_text("no video")
    with serve(Settings(device="cpu", model=NAME, answer_cache=0)) as http:
        url = str(http.base_url)

        async def asked() -> Any:
            async with AsyncClient(url) as client:
                return await client.predict(video, coverage=0.9)

        with Client(url) as client:
            answer = client.predict(video, coverage=0.9)
            with pytest.raises(VideoRefused, match="not a video"):
                client.predict(tmp_path / "text")
            with pytest.raises(BadRequest, match="no model is called"):
                client.predict(video, model="nothing")
        assert answer == anyio.run(asked)
    assert answer.model.name == NAME
    assert answer.sha256 == hashlib.sha256(video.read_bytes()).hexdigest()


def test_a_stopped_service_is_told_with_its_address() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with Client(url, retries=Retries(1)) as client, pytest.raises(Unreachable, match=f"no answer from {url}"):
        client.models()


def test_the_answer_may_grow() -> None:
    """A field or a warning that a later service has is no error."""
    later = json.loads(json.dumps(PREDICT)) | {"later": 1}
    later["clip"]["warnings"] = ["video 2 of 3", "later"]
    answer = ask_sync(in_turn(httpx.Response(200, json=later))[0], "predict", [b"x"], {})
    assert answer.clip.warnings == ["video 2 of 3", "later"]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4", "libx264", 30)
