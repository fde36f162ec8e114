import errno
import hashlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from app.settings import Settings
from tests.service import in_flight
from tests.shipped import NAME, REFERENCE, VERSION
from tests.videos import make_video, make_video_without_frames
from tests.waiting import LONG, until
from videoxception import ACTIONS, Classifier, ModelStore

Clients = Callable[..., httpx.Client]
FORM = "application/x-www-form-urlencoded"


def check_problem(response: httpx.Response, status: int, kind: str) -> dict[str, object]:
    """The body of a problem, after a look at its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body["type"] == f"urn:videoxception:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


def test_a_video_gets_the_librarys_answer(client: httpx.Client, video: Path) -> None:
    response = client.post("/predict", files={"file": ("anything.txt", video.read_bytes())})
    assert response.status_code == 200
    body = response.json()
    expected = Classifier.load(REFERENCE, device="cpu").predict(video)
    assert body["probabilities"] == expected.answer.probabilities
    assert list(body["probabilities"]) == list(ACTIONS)
    assert sum(body["probabilities"].values()) == pytest.approx(1)
    assert body["label"] == expected.answer.label
    assert body["confidence"] == max(body["probabilities"].values())
    assert (body["known"], body["known_score"]) == (expected.answer.known, expected.answer.known_score)
    assert body["sha256"] == hashlib.sha256(video.read_bytes()).hexdigest()
    assert body["model"]["name"] == NAME
    assert re.fullmatch("[0-9a-f]{64}", body["model"]["sha256"])
    assert (body["clip"]["codec"], body["clip"]["width"], body["clip"]["height"]) == ("h264", 96, 64)
    assert body["clip"]["duration"] == pytest.approx(1.2)
    assert body["clip"]["timestamps"] == pytest.approx(list(expected.clip.timestamps))
    assert body["clip"]["warnings"] == []


def test_server_timing_has_every_stage(client: httpx.Client, video: Path) -> None:
    timing = client.post("/predict", files={"file": video.read_bytes()}).headers["server-timing"]
    assert re.findall(r"(\w+);dur=[\d.]+", timing) == ["upload", "queue", "decode", "batch", "infer"]


def test_the_raw_body_will_do(client: httpx.Client, video: Path) -> None:
    of_form = client.post("/predict", files={"file": video.read_bytes()}).json()
    assert client.post("/predict", content=video.read_bytes()).json() == of_form


def test_a_chunked_body_will_do(client: httpx.Client, video: Path) -> None:
    def chunks() -> Iterator[bytes]:
        content = video.read_bytes()
        for start in range(0, len(content), 100):
            yield content[start : start + 100]

    assert client.post("/predict", content=chunks()).status_code == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("modle=x", "has no query parameter 'modle' (did you mean 'model'?); it takes model, coverage"),
        ("q=1", "has no query parameter 'q'; it takes model, coverage"),
        ("model=a&model=b", "'model' comes 2 times; send it once"),
    ],
)
def test_a_query_that_is_not_understood_is_not_answered(
    query: str, said: str, client: httpx.Client, video: Path
) -> None:
    body = check_problem(client.post(f"/predict?{query}", content=video.read_bytes()), 400, "malformed")
    assert said in str(body["detail"])
    check_problem(client.get(f"/classes?{query}"), 400, "malformed")
    check_problem(client.get("/models?model=x"), 400, "malformed")


def test_a_parameter_in_the_form_is_sent_to_the_address(client: httpx.Client, video: Path) -> None:
    response = client.post("/predict", data={"model": NAME}, files={"file": video.read_bytes()})
    assert "put it into the address: ?model=" in str(check_problem(response, 400, "malformed")["detail"])


@pytest.mark.parametrize(
    "request_of", [{"files": {"file": (None, "clip.mp4")}}, {"content": "clip.mp4", "headers": {"content-type": FORM}}]
)
def test_a_name_in_place_of_a_file_is_told_of_the_at(request_of: dict[str, object], client: httpx.Client) -> None:
    """As `curl -F file=clip.mp4` and `curl --data-binary clip.mp4` send it."""
    body = check_problem(client.post("/predict", **request_of), 400, "no-file")
    assert "the @ before its name was forgotten; send a video: curl -F file=@clip.mp4" in str(body["detail"])


def test_other_fields_of_the_form_are_ignored(client: httpx.Client, video: Path) -> None:
    response = client.post("/predict", data={"note": "hello"}, files={"file": video.read_bytes()})
    assert response.status_code == 200


@pytest.mark.parametrize("reference", ["videoxception-a", REFERENCE])
def test_a_model_can_be_named(reference: str, client: httpx.Client, video: Path) -> None:
    response = client.post("/predict", params={"model": reference}, content=video.read_bytes())
    assert response.json()["model"]["version"] == VERSION


@pytest.mark.parametrize("reference", ["nothing", "videoxception-a@99", "../../etc", "videoxception-a@1@1", "@"])
def test_a_model_that_is_not_there_is_unknown(reference: str, client: httpx.Client, video: Path) -> None:
    check_problem(client.post("/predict", params={"model": reference}, content=b"x"), 404, "unknown-model")


def test_the_answer_set_has_the_coverage_that_is_asked_for(client_of: Clients, video: Path, set_store: Path) -> None:
    client = client_of(model_store=str(set_store), model="toy")
    asked = [{}, *({"coverage": text} for text in ("0.5", "0.95", "0.999"))]
    usual, *answers = (client.post("/predict", params=each, content=video.read_bytes()).json() for each in asked)
    assert usual == answers[1]
    sets = [answer["answer_set"] for answer in answers]
    assert all(found[0] == usual["label"] for found in sets)
    assert set(sets[0]) < set(sets[1]) < set(sets[2])
    with Classifier.load("toy", store=ModelStore(built_in=set_store), device="cpu") as classifier:
        expected = classifier.predict(video, coverage=0.999).answer.answer_set
    assert sets[2] == list(expected or ())
    rest = [{name: value for name, value in answer.items() if name != "answer_set"} for answer in answers]
    assert rest[0] == rest[1] == rest[2]


def test_a_model_without_answer_sets_says_null(client_of: Clients, video: Path, set_store: Path) -> None:
    client = client_of(model_store=str(set_store), model="old")
    response = client.post("/predict", params={"coverage": "0.99"}, content=video.read_bytes())
    assert response.json()["answer_set"] is None


@pytest.mark.parametrize("coverage", ["0.49", "1", "-1", "95", "nan", "inf", "", "95%"])
def test_a_bad_coverage_is_malformed(coverage: str, client: httpx.Client, video: Path) -> None:
    response = client.post("/predict", params={"coverage": coverage}, content=video.read_bytes())
    assert "coverage" in str(check_problem(response, 400, "malformed")["detail"])


def test_the_api_describes_coverage(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    parameters = {each["name"]: each for each in described["paths"]["/predict"]["post"]["parameters"]}
    schema = parameters["coverage"]["schema"]
    assert (schema["minimum"], schema["maximum"], schema["default"]) == (0.5, 0.999, 0.95)
    assert not parameters["coverage"]["required"]
    answer = described["components"]["schemas"]["PredictResponse"]["properties"]["answer_set"]
    assert {each["type"] for each in answer["anyOf"]} == {"array", "null"}


BAD_FORMS = {
    "no part named file": ({"files": {"video": b"123"}}, "no-file"),
    "an empty file": ({"files": {"file": b""}}, "no-file"),
    "no body": ({}, "no-file"),
    "no boundary": ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, "malformed"),
    "another boundary": (
        {"content": b"--b\r\nx", "headers": {"content-type": "multipart/form-data; boundary=a"}},
        "malformed",
    ),
    "two files": ({"files": [("file", b"1"), ("file", b"2")]}, "malformed"),
    "too many parts": ({"files": [(f"f{i}", b"1") for i in range(20)]}, "malformed"),
    "a boundary without end": (
        {"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=" + "x" * 300}},
        "malformed",
    ),
    "cut short": (
        {
            "content": b'--a\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc',
            "headers": {"content-type": "multipart/form-data; boundary=a"},
        },
        "malformed",
    ),
    "a long header": (
        {
            "content": b'--a\r\nContent-Disposition: form-data; name="' + b"x" * 20_000,
            "headers": {"content-type": "multipart/form-data; boundary=a"},
        },
        "malformed",
    ),
}


@pytest.mark.parametrize("form", BAD_FORMS)
def test_malformed_requests(form: str, client: httpx.Client) -> None:
    arguments, kind = BAD_FORMS[form]
    check_problem(client.post("/predict", **arguments), 400, kind)


def test_what_is_not_a_video(client: httpx.Client, tmp_path: Path) -> None:
    check_problem(client.post("/predict", content=b"this is text" * 100), 415, "not-a-video")
    frame = make_video(tmp_path / "a.jpg", "mjpeg", 1, container="image2", pixel_format="yuvj420p")
    check_problem(client.post("/predict", files={"file": frame.read_bytes()}), 415, "not-a-video")


def test_a_damaged_video(client: httpx.Client, video: Path) -> None:
    check_problem(client.post("/predict", content=video.read_bytes()[:300]), 422, "undecodable")


def test_a_video_without_frames(client: httpx.Client, tmp_path: Path) -> None:
    content = make_video_without_frames(tmp_path / "clip.mp4").read_bytes()
    check_problem(client.post("/predict", content=content), 422, "no-frames")


def test_a_video_over_a_limit(client_of: Clients, video: Path) -> None:
    client = client_of(max_duration=1.0)
    check_problem(client.post("/predict", content=video.read_bytes()), 422, "too-long")
    client = client_of(max_pixels=1000)
    check_problem(client.post("/predict", content=video.read_bytes()), 422, "too-many-pixels")


def test_too_large_with_and_without_an_announced_length(client: httpx.Client) -> None:
    zeros = bytes(5 * 2**20)

    def chunks() -> Iterator[bytes]:
        for _ in range(80):
            yield bytes(2**16)

    def form_chunks() -> Iterator[bytes]:
        yield b'--a\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
        yield from chunks()

    multipart = {"content-type": "multipart/form-data; boundary=a"}
    for arguments in ({"content": zeros}, {"files": {"file": zeros}}, {"content": chunks()}):
        body = check_problem(client.post("/predict", **arguments), 413, "too-large")
        assert "4 MiB" in str(body["detail"])
    check_problem(client.post("/predict", content=form_chunks(), headers=multipart), 413, "too-large")


def test_too_large_a_field_beside_the_file(client: httpx.Client) -> None:
    response = client.post("/predict", data={"note": "x" * 5 * 2**20}, files={"file": b"1"})
    check_problem(response, 413, "too-large")


def test_a_slow_upload(client_of: Clients) -> None:
    client = client_of(upload_timeout=0.3)

    def slow() -> Iterator[bytes]:
        for _ in range(10):
            time.sleep(0.1)
            yield b"x"

    check_problem(client.post("/predict", content=slow()), 408, "slow-upload")


def test_a_full_disk(client: httpx.Client, video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(sink: object, chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.uploads._Sink.write", write)
    response = client.post("/predict", content=video.read_bytes())
    assert "No space left" in str(check_problem(response, 503, "overloaded")["detail"])
    assert response.headers["retry-after"]


def test_the_deadline(client_of: Clients, video: Path) -> None:
    client = client_of(deadline=1e-4)
    check_problem(client.post("/predict", content=video.read_bytes()), 504, "deadline")
    client = client_of(max_decoding=1e-9)
    check_problem(client.post("/predict", content=video.read_bytes()), 422, "too-long")


def test_too_many_at_a_time_are_told_when_to_come_back(client_of: Clients, video: Path) -> None:
    client = client_of(max_in_flight=1)
    sent, release = threading.Event(), threading.Event()

    def held() -> Iterator[bytes]:
        yield video.read_bytes()[:100]
        sent.set()
        assert release.wait(LONG)
        yield video.read_bytes()[100:]

    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(client.post("/predict", content=held()).status_code))
    first.start()
    assert sent.wait(LONG)
    until(lambda: in_flight(str(client.base_url)) == 1)
    refused = client.post("/predict", content=video.read_bytes())
    release.set()
    first.join()
    check_problem(refused, 503, "overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert answers == [200]
    assert client.post("/predict", content=video.read_bytes()).status_code == 200


def test_videos_over_the_limit_on_work(client_of: Clients, video: Path) -> None:
    answered = client_of(max_work=1).post("/predict", content=video.read_bytes())
    assert answered.status_code == 200
    assert answered.json()["clip"]["warnings"] == ["key frames only"]
    refused = client_of(max_work=1, key_frames=False).post("/predict", content=video.read_bytes())
    check_problem(refused, 422, "too-long")


def test_an_api_key(client_of: Clients, video: Path) -> None:
    client = client_of(api_key="secret")
    for headers in ({}, {"x-api-key": "wrong"}, {"authorization": "Bearer wrong"}, {"authorization": "Basic secret"}):
        check_problem(client.post("/predict", content=b"x", headers=headers), 401, "unauthorized")
        check_problem(client.get("/classes", headers=headers), 401, "unauthorized")
    for headers in ({"x-api-key": "secret"}, {"authorization": "Bearer secret"}):
        assert client.post("/predict", content=video.read_bytes(), headers=headers).status_code == 200
    assert client.get("/livez").status_code == 200


def test_the_page_of_routes_asks_for_the_key_where_there_is_one(client_of: Clients, client: httpx.Client) -> None:
    guarded = client_of(api_key="secret").get("/openapi.json").json()
    assert set(guarded["components"]["securitySchemes"]) == {"HTTPBearer", "APIKeyHeader"}
    for path, methods in guarded["paths"].items():
        for method in methods.values():
            assert ("security" in method) == (path in ("/predict", "/classes", "/models")), path
    assert "security" not in client.get("/openapi.json").text


def test_an_empty_api_key_is_refused_and_does_not_open_the_service() -> None:
    with pytest.raises(ValidationError, match="api_key"):
        Settings(api_key="")


def test_nothing_is_left_behind(client: httpx.Client, uploads: Path, video: Path) -> None:
    client.post("/predict", content=video.read_bytes())
    client.post("/predict", content=b"not a video")
    client.post("/predict", content=bytes(5 * 2**20))
    hang_up_in_the_middle(client)
    until(lambda: in_flight(str(client.base_url)) == 0)
    assert [p for p in uploads.rglob("*") if p.is_file()] == []


def hang_up_in_the_middle(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + bytes(1000))
        until(lambda: in_flight(str(client.base_url)) == 1)


def test_the_event_loop_stays_free_while_a_video_decodes(client: httpx.Client, video: Path) -> None:
    """For as long as that takes: decoders are halted until other requests have had their answers."""
    decoders = [int(pid) for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]
    answers: list[int] = []

    def post() -> None:
        answers.append(
            httpx.post(client.base_url.join("/predict"), content=video.read_bytes(), timeout=LONG).status_code
        )

    posting = threading.Thread(target=post)
    for pid in decoders:
        os.kill(pid, signal.SIGSTOP)
    try:
        posting.start()
        until(lambda: in_flight(str(client.base_url)) == 1)
        for _ in range(10):
            assert client.get("/livez").status_code == 200
        assert posting.is_alive()
    finally:
        for pid in decoders:
            os.kill(pid, signal.SIGCONT)
        posting.join()
    assert answers == [200]


def test_many_at_once_get_the_answers_of_one_alone(client: httpx.Client, tmp_path: Path) -> None:
    videos = [make_video(tmp_path / f"{n}.mp4", "libx264", 5 + 7 * n) for n in range(4)]
    alone = [client.post("/predict", content=path.read_bytes()).json() for path in videos]
    together: list[object] = [None] * 16

    def post(n: int) -> None:
        together[n] = httpx.post(
            client.base_url.join("/predict"), content=videos[n % 4].read_bytes(), timeout=60
        ).json()

    threads = [threading.Thread(target=post, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone * 4


def test_every_real_clip_is_answered(client_of: Clients, real_clips: Path) -> None:
    client = client_of()
    paths = sorted(p for folder in ("clips", "clips_other") for p in (real_clips / folder).rglob("*.*"))
    assert len(paths) == 13
    for path in paths:
        response = client.post("/predict", files={"file": path.read_bytes()})
        assert response.status_code == 200, path
