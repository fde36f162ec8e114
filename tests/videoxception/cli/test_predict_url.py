"""`videoxception predict --url` against a healthy, an overloaded, a guarded and a stopped service; and its forms."""

import csv
import io
import json
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from tests.service import free_port, in_flight, process
from tests.shipped import NAME
from tests.videos import make_video
from tests.videoxception.cli.test_cli import run
from tests.waiting import until
from videoxception.actions import ACTIONS


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of a service that asks for a key."""
    with process(VX_API_KEY="secret") as (_, address):
        yield address


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A good video and a bad one."""
    folder = tmp_path_factory.mktemp("videos")
    (folder / "text.mp4").write_text("no video")
    return [str(make_video(folder / "clip.mp4", "libx264", 20)), str(folder / "text.mp4")]


def test_it_prints_what_the_service_answers(
    service: str, videos: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["predict", *videos, "--url", service, "--api-key", "secret", "--json"]
    assert run(*asked) == 1
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    with httpx.Client(base_url=service, headers={"X-API-Key": "secret"}) as client:
        expected = client.post("/predict", content=Path(videos[0]).read_bytes()).json()
    assert said == {"video": videos[0], **expected}
    assert printed.err.startswith(f"{videos[1]}: the file is not a video")


def test_here_and_there_are_the_same(service: str, videos: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for where in (["--url", service, "--api-key", "secret"], ["--model", NAME, "--device", "cpu"]):
        assert run("predict", videos[0], *where, "--csv") == 0
        said.append(capsys.readouterr().out)
    (row,) = csv.DictReader(io.StringIO(said[0]))
    assert row["video"] == videos[0]
    assert sum(float(row[f"p_{name}"]) for name in ACTIONS) == pytest.approx(1)
    assert said[0] == said[1]


def test_timelines_here_and_there_are_the_same(
    service: str, videos: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for where in (["--url", service, "--api-key", "secret"], ["--model", NAME, "--device", "cpu"]):
        assert run("predict", *videos, *where, "--window", "0.5", "--json") == 1
        said.append(capsys.readouterr())
    assert said[0] == said[1]
    assert len(json.loads(said[0].out)["segments"]) == 4


def test_a_terminal_gets_a_table(
    service: str, videos: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "400")
    video = shutil.copy(videos[0], f"{videos[0]}[red].mp4")
    assert run("predict", video, "--url", service, "--api-key", "secret") == 0
    head, row = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert head.split() == ["video", "action", "probability", "or", "remarks"]
    assert row.split()[0] == video


def test_a_key_that_is_wrong_ends_it(service: str, videos: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", *videos, "--url", service) == 3
    assert capsys.readouterr().err == "error: send the API key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'\n"


def test_a_stopped_service_ends_it(
    videos: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videoxception.client.sync_client.time", SimpleNamespace(sleep=lambda seconds: None))
    url = f"http://127.0.0.1:{free_port()}"
    assert run("predict", *videos, "--url", url) == 3
    told = capsys.readouterr().err
    assert told.startswith(f"error: no answer from {url}: ")
    assert told.endswith("is the service there? scripts/serve starts one\n")


def test_an_overloaded_service_is_waited_for(
    videos: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its one place is taken at first, and free when the client has waited."""
    pauses: list[float] = []
    with process(VX_MAX_IN_FLIGHT="1") as (_, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as other:
            other.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
            until(lambda: in_flight(url) == 1)

            def leave(seconds: float) -> None:
                pauses.append(seconds)
                other.close()
                until(lambda: in_flight(url) == 0)

            monkeypatch.setattr("videoxception.client.sync_client.time", SimpleNamespace(sleep=leave))
            assert run("predict", videos[0], "--url", url) == 0
    assert len(pauses) == 1
    assert 1 <= pauses[0] <= 1.25
    assert capsys.readouterr().out.startswith(videos[0])
