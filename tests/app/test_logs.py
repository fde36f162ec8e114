import asyncio
import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from app import logs
from app.access_log import RequestRecord, request_id
from app.factory import assemble
from app.metrics import Metrics
from app.settings import Settings
from tests.service import ROOT, wait_until_ready
from tests.shipped import REFERENCE

Clients = Callable[..., httpx.Client]


def access(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """The fields of the access log's lines."""
    return [record.fields for record in caplog.records if record.name == "app.access"]


def test_a_plain_id_is_kept(client: httpx.Client) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "a-B_9"}).headers["x-request-id"] == "a-B_9"


@pytest.mark.parametrize("given", ["", "holiday.mp4", "two words", 'a"b', "x" * 65])
def test_any_other_id_is_replaced(given: str, client: httpx.Client) -> None:
    answered = client.get("/livez", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", answered)


def test_errors_carry_the_id_too(client: httpx.Client) -> None:
    assert client.get("/nothing", headers={"X-Request-ID": "here"}).headers["x-request-id"] == "here"


def test_an_answer_is_one_line_with_what_became_of_it(
    client: httpx.Client, video: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.post("/predict", content=video.read_bytes())
    (line,) = access(caplog)
    assert (line["method"], line["route"], line["status"], line["outcome"]) == ("POST", "/predict", 200, "answered")
    assert (line["bytes"], line["codec"], line["model"]) == (video.stat().st_size, "h264", REFERENCE)
    assert set(line["stages_ms"]) == {"upload", "queue", "decode", "batch", "infer"}
    assert sum(line["stages_ms"].values()) <= line["ms"] + 1


def test_a_refusal_says_why(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.post("/predict", content=b"no video")
    (line,) = access(caplog)
    assert (line["status"], line["outcome"], line["reason"], line["bytes"]) == (415, "refused", "not-a-video", 8)


def test_no_name_that_a_client_chose_is_logged(
    client: httpx.Client, video: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "app")
    client.post("/predict?secret=secret", files={"file": ("secret.mp4", video.read_bytes())})
    client.put("/predict/secret.mp4", content=b"x")
    client.post("/predict?model=secret", content=b"x")
    assert len(access(caplog)) == 3
    for record in caplog.records:
        if record.name.startswith("app"):
            assert "secret" not in record.getMessage() + repr(vars(record))


def test_probes_are_not_logged_unless_they_fail(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for path in ("/livez", "/readyz", "/metrics"):
        client.get(path)
    assert access(caplog) == []


def test_a_bug_is_logged_and_answered_with_the_id(caplog: pytest.LogCaptureFixture) -> None:
    app = assemble(Settings())
    app.state.service = SimpleNamespace(metrics=Metrics(), stopping=asyncio.Event())

    @app.get("/bug")
    def bug() -> None:
        raise RuntimeError("planted")

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get("/bug", headers={"X-Request-ID": "here"})

    caplog.set_level(logging.INFO)
    answer = asyncio.run(get())
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "here")
    assert "planted" not in answer.text
    assert access(caplog)[0]["outcome"] == "failed"
    assert "planted" in caplog.text


def test_in_text_a_request_is_a_line_with_all_that_is_promised(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.post("/predict", content=b"no video")
    (record,) = [record for record in caplog.records if record.name == "app.access"]
    request_id.set("here")
    line = logs.formatter("text").format(record)
    begun = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 info: request id=here method=POST route=/predict"
    assert re.match(rf"{begun} status=415 outcome=refused ms=[\d.]+ ", line)
    assert re.search(r" bytes=8 reason=not-a-video stages_ms\.upload=[\d.]+$", line)


def test_not_ready_is_no_failure_where_it_is_to_be_expected() -> None:
    record = RequestRecord("here", "GET", status=503, reason="not-ready")
    assert record.outcome == "failed"
    record.expected = True
    assert record.outcome == "unready"
    assert RequestRecord("here", "POST", status=503, reason="overloaded", expected=True).outcome == "failed"


def test_in_json_every_line_of_the_process_is_an_object(video: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"VX_PORT": str(port), "VX_DEVICE": "cpu", "VX_LOG": "json"}
    log = tmp_path / "log"
    with (
        log.open("wb") as stderr,
        subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=environment, stderr=stderr) as service,
    ):
        try:
            address = wait_until_ready(service, f"http://127.0.0.1:{port}")
            httpx.post(f"{address}/predict", content=video.read_bytes(), headers={"X-Request-ID": "here"})
        finally:
            service.terminate()
    text = log.read_text().splitlines()
    assert [line for line in text if not line.startswith("{")] == []
    lines = [json.loads(line) for line in text]
    (answered,) = (line for line in lines if line.get("route") == "/predict")
    assert (answered["request_id"], answered["level"], answered["status"]) == ("here", "info", 200)


def test_an_exception_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.root.handlers[:], logging.root.level
    try:
        logs.setup("json")
        try:
            raise ValueError("two\nlines")
        except ValueError:
            logging.getLogger("x").exception("it broke")
    finally:
        logging.root.handlers, logging.root.level = before
    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["level"]) == ("it broke", "error")
    assert "ValueError: two\nlines" in line["exception"]
