"""Requests with a window: one decoding, an answer for each window, and a timeline."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from tests.app.conftest import HeldEngine, hold_engines, serve, wait_until_ready
from tests.app.test_predict import check_problem
from tests.numbered import coded, mux
from tests.service import in_flight
from tests.shipped import NAME, REFERENCE
from tests.videos import make_video
from tests.waiting import LONG, until
from videoxception import Classifier

LINES = {"accept": "application/jsonl"}
ASKED = {"window": "1", "step": "0.5"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a service with low limits."""
    limits = {"max_timeline_upload_mb": 4, "max_timeline_duration": 6.0, "max_timeline_work": 110 * 96 * 64}
    settings = Settings(device="cpu", model=NAME, answer_cache=0, max_upload_mb=1, max_windows=100, **limits)
    with serve(settings) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, a key frame each second."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return make_video(path, "libx264", 100, moving=True, gop=25, options={"x264-params": "scenecut=0:bframes=0"})


def lines_of(response: httpx.Response) -> list[dict[str, object]]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in response.text.splitlines()]


def test_each_window_gets_the_answer_of_the_stretch_cut_out(client: httpx.Client, tmp_path: Path) -> None:
    """Bit for bit: the cut is a file of the window's own packets, all of which are key frames."""
    video = coded("libx264", 100, ("bf", "0"), gop=1)
    mux(tmp_path / "film.mp4", video, [40 * k for k in range(100)])
    body = client.post("/predict", params=ASKED, content=(tmp_path / "film.mp4").read_bytes()).json()
    assert [segment["start"] for segment in body["segments"]] == [0.5 * i for i in range(8)]
    for i, segment in enumerate(body["segments"]):
        first, behind = -(-i * 25 // 2), min(100, -(-(i + 2) * 25 // 2))
        packets = tuple((content, k - first, key) for content, k, key in video.packets if first <= k < behind)
        part = type(video)(video.header, packets)
        mux(tmp_path / "cut.mp4", part, [40 * k for k in range(len(packets))])
        alone = client.post("/predict", content=(tmp_path / "cut.mp4").read_bytes()).json()
        said = {name: value for name, value in segment.items() if name not in ("start", "end")}
        assert said == {name: alone[name] for name in said}


def test_the_whole_videos_answer_stays_beside_it(client: httpx.Client, film: Path) -> None:
    usual = client.post("/predict", content=film.read_bytes()).json()
    response = client.post("/predict", params={"window": "auto"}, files={"file": film.read_bytes()})
    body = response.json()
    assert {name: body[name] for name in usual} == usual
    assert body["windows"] == {"window": 3.0, "step": 1.5, "smoothing": 1.5, "shortest": 1.5}
    assert body["timeline"][0]["start"] == 0
    assert body["timeline"][-1]["end"] == pytest.approx(4.0)
    assert "decode;dur=" in response.headers["server-timing"]


def test_service_and_library_agree(client: httpx.Client, film: Path) -> None:
    body = client.post(
        "/predict", params={"window": "1", "smoothing": "0", "shortest": "0"}, content=film.read_bytes()
    ).json()
    with Classifier.load(REFERENCE, device="cpu") as classifier:
        found = classifier.timeline(film, 1.0, smoothing=0.0, shortest=0.0)
    assert [s["probabilities"] for s in body["segments"]] == [s.answer.probabilities for s in found.segments]
    assert [(e["start"], e["label"]) for e in body["timeline"]] == [(e.start, e.label) for e in found.timeline]


def test_lines_have_the_segments_first_and_then_the_rest(client: httpx.Client, film: Path) -> None:
    body = client.post("/predict", params=ASKED, content=film.read_bytes()).json()
    *segments, result = lines_of(client.post("/predict", params=ASKED, content=film.read_bytes(), headers=LINES))
    assert [segment.pop("type") for segment in segments] == ["segment"] * 8
    assert segments == body.pop("segments")
    assert result.pop("type") == "result"
    assert result == body


def test_without_a_window_lines_are_not_asked_for(client: httpx.Client, film: Path) -> None:
    response = client.post("/predict", content=film.read_bytes(), headers=LINES)
    assert "segments" not in response.json()


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"window": "0"}, "window"),
        ({"window": "-3"}, "window"),
        ({"window": "nan"}, "window"),
        ({"window": "3601"}, "window"),
        ({"window": "soon"}, "window"),
        ({"window": "3", "step": "0"}, "step"),
        ({"window": "3", "step": "4"}, "step"),
        ({"window": "auto", "step": "1"}, "step"),
        ({"window": "3", "smoothing": "-1"}, "smoothing"),
        ({"step": "1"}, "window"),
        ({"shortest": "1"}, "window"),
    ],
)
def test_a_bad_window_is_malformed(asked: dict[str, str], word: str, client: httpx.Client, film: Path) -> None:
    response = client.post("/predict", params=asked, content=film.read_bytes())
    assert word in str(check_problem(response, 400, "malformed")["detail"])


@pytest.mark.parametrize("headers", [{}, LINES])
def test_what_is_wrong_with_a_file_has_its_status(headers: dict[str, str], client: httpx.Client, film: Path) -> None:
    def post(content: bytes, window: str = "1") -> httpx.Response:
        return client.post("/predict", params={"window": window}, content=content, headers=headers)

    check_problem(post(b"this is text" * 100), 415, "not-a-video")
    check_problem(post(film.read_bytes()[:300]), 422, "undecodable")
    check_problem(post(b""), 400, "no-file")
    detail = check_problem(
        client.post("/predict", params={"window": "0.1", "step": "0.03"}, content=film.read_bytes(), headers=headers),
        422,
        "too-many-windows",
    )["detail"]
    assert "over the limit of 100; ask for a step of 0.04 seconds or more" in str(detail)


def test_limits_are_others_than_those_of_one_answer(client: httpx.Client, film: Path) -> None:
    """Two MiB, of which most is a box to be skipped, over a limit of one."""
    large = film.read_bytes() + (2 * 2**20).to_bytes(4) + b"free" + bytes(2 * 2**20 - 8)
    check_problem(client.post("/predict", content=large), 413, "too-large")
    assert client.post("/predict", params=ASKED, content=large).status_code == 200


def test_long_videos_have_limits_too_and_key_frames_never_stand_for_others(
    client: httpx.Client, tmp_path: Path
) -> None:
    def refusal(content: bytes, status: int, kind: str) -> str:
        return str(check_problem(client.post("/predict", params=ASKED, content=content), status, kind)["detail"])

    long, costly = (make_video(tmp_path / f"{frames}.mp4", "libx264", frames) for frames in (160, 130))
    assert "over the limit of 6" in refusal(long.read_bytes(), 422, "too-long")
    assert "pixels to decode" in refusal(costly.read_bytes(), 422, "too-long")
    assert "4 MiB" in refusal(bytes(5 * 2**20), 413, "too-large")


@pytest.fixture(scope="module")
def held() -> Iterator[tuple[httpx.Client, HeldEngine]]:
    """A service for one long video at a time, and its engine, which can be held."""
    with pytest.MonkeyPatch.context() as patch:
        made = hold_engines(patch)
        with serve(Settings(device="cpu", model=NAME, answer_cache=0, max_timelines=1)) as client:
            wait_until_ready(client)
            yield client, made[0]
            made[0].gate.set()


def test_a_client_that_goes_away_stops_the_work(held: tuple[httpx.Client, HeldEngine], film: Path) -> None:
    client, engine = held
    engine.shut()
    asked = {"window": "0.5", "step": "0.05"}
    with ExitStack() as stack:
        gone = threading.Event()

        def post() -> None:
            with httpx.Client(base_url=client.base_url, timeout=LONG) as other:
                for _ in range(2):
                    with other.stream("POST", "/predict", params=asked, content=film.read_bytes(), headers=LINES) as r:
                        next(r.iter_lines())
                gone.set()

        thread = threading.Thread(target=post)
        thread.start()
        stack.callback(thread.join)
        stack.callback(engine.gate.set)
        assert engine.entered.wait(LONG)
        refused = client.post("/predict", params=asked, content=film.read_bytes())
        check_problem(refused, 503, "overloaded")
        assert int(refused.headers["retry-after"]) >= 1
        engine.gate.set()
        assert gone.wait(LONG)
        until(lambda: in_flight(str(client.base_url)) == 0)
    seen = sum(engine.clips)
    assert seen < 2 * 80
    assert client.post("/predict", params=ASKED, content=film.read_bytes()).status_code == 200


def test_what_goes_wrong_on_the_way_is_the_last_line(
    held: tuple[httpx.Client, HeldEngine], film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, engine = held
    predict, calls = engine.predict, 0

    def fail_late(frames: object) -> object:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise RuntimeError("the engine is on fire")
        return predict(frames)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "predict", fail_late)
    said = lines_of(client.post("/predict", params=ASKED, content=film.read_bytes(), headers=LINES))
    assert [line["type"] for line in said] == ["segment"] * (len(said) - 1) + ["problem"]
    assert (said[-1]["problem"], said[-1]["status"]) == ("about:blank", 500)
    assert "fire" not in str(said[-1])
