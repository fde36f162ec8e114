import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.app.conftest import HeldEngine
from tests.shipped import REFERENCE
from tests.waiting import LONG, until
from videoxception.clip import Frames

Clients = Callable[..., httpx.Client]


def wait_for(client: httpx.Client, status: int) -> httpx.Response:
    """What /readyz says, once it has the status."""
    end = time.monotonic() + LONG
    while (response := client.get("/readyz")).status_code != status:
        assert time.monotonic() < end, response.text
        time.sleep(0.01)
    return response


def test_readyz_is_red_while_the_engine_makes_no_progress(
    client_of: Clients, video: Path, held_engines: list[HeldEngine]
) -> None:
    client = client_of(watchdog=0.1)
    (engine,) = held_engines
    engine.shut()
    statuses: list[int] = []
    posting = threading.Thread(
        target=lambda: statuses.append(client.post("/predict", content=video.read_bytes()).status_code)
    )
    posting.start()
    assert engine.entered.wait(LONG)
    red = wait_for(client, 503)
    assert red.json()["type"].endswith(":not-ready")
    assert "the engine on cpu has made no progress for" in red.json()["detail"]
    assert client.get("/v2/health/ready").status_code == 503
    assert client.get("/livez").status_code == 200
    refused = client.post("/predict", content=video.read_bytes())
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (503, "not-ready")
    engine.gate.set()
    posting.join()
    assert statuses == [200]
    assert client.get("/readyz").status_code == 200
    assert client.post("/predict", content=video.read_bytes()).status_code == 200


def test_a_second_device_answers_while_the_first_is_stuck(
    client_of: Clients, video: Path, held_engines: list[HeldEngine]
) -> None:
    client = client_of(device="cpu,cpu", watchdog=0.05, max_batch=1)
    assert len(held_engines) == 2
    expected = client.post("/predict", content=video.read_bytes()).json()
    for engine in held_engines:
        engine.shut()
    answers: list[object] = []
    posting = threading.Thread(
        target=lambda: answers.append(client.post("/predict", content=video.read_bytes()).json())
    )
    posting.start()
    until(lambda: any(engine.entered.is_set() for engine in held_engines))
    stuck, other = sorted(held_engines, key=lambda engine: not engine.entered.is_set())
    other.gate.set()
    time.sleep(0.06)  # longer than the watchdog's patience
    assert client.get("/readyz").status_code == 200
    assert client.post("/predict", content=video.read_bytes()).json() == expected
    assert answers == []
    stuck.gate.set()
    posting.join()
    assert answers == [expected]


def test_readyz_is_red_while_the_engine_fails(
    client_of: Clients, video: Path, held_engines: list[HeldEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine_thread._REST", 0.05)
    client = client_of()
    (engine,) = held_engines
    well = engine.predict

    def fail(frames: Frames) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(engine, "predict", fail)
    for _ in range(3):
        assert client.post("/predict", content=video.read_bytes()).status_code == 500
    assert "fails" in wait_for(client, 503).json()["detail"]
    assert f'videoxception_model_up{{model="{REFERENCE}"}} 0.0' in client.get("/metrics").text
    refused = client.post("/predict", content=video.read_bytes())
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (503, "not-ready")
    monkeypatch.setattr(engine, "predict", well)
    wait_for(client, 200)
    assert client.post("/predict", content=video.read_bytes()).status_code == 200
    assert f'videoxception_model_up{{model="{REFERENCE}"}} 1.0' in client.get("/metrics").text
