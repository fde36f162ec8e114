"""A second model answers uploads in the shadow: unseen, behind requests, and counted."""

import hashlib
import json
import os
import shutil
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.canary import drawn
from app.settings import Settings, SettingsError
from tests.app.conftest import HeldEngine, hold_engines
from tests.app.test_metrics import Samples, read, value
from tests.shipped import REFERENCE
from tests.waiting import until
from videoxception import engine
from videoxception.canary.pairs import read_log
from videoxception.store import BUILT_IN, ModelStore

Clients = Callable[..., httpx.Client]
SAME_CLIP = str(ModelStore(built_in=BUILT_IN).load("videoxception-b"))
OTHER_CLIP = str(ModelStore(built_in=BUILT_IN).load("videoxception-c224"))


@pytest.fixture
def held_canaries(monkeypatch: pytest.MonkeyPatch) -> list[HeldEngine]:
    """The engines of canaries that the test starts."""
    return hold_engines(monkeypatch, "app.canary.create")


def uploads_of(video: Path, count: int) -> list[bytes]:
    """As many files that differ only in a box that readers pass over."""
    return [video.read_bytes() + struct.pack(">I4sI", 12, b"free", number) for number in range(count)]


def started(client: httpx.Client, model: str) -> httpx.Client:
    until(lambda: value(read(client), "canary_up", model=model) == 1)
    return client


def pairs(samples: Samples) -> float:
    return sum(number for (name, _), number in samples.items() if name == "videoxception_canary_pairs_total")


def post(client: httpx.Client, content: bytes, **query: str) -> dict[str, Any]:
    answer = client.post("/predict", content=content, params=query)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_answers_are_those_of_the_default_model_and_each_upload_makes_one_pair(
    client_of: Clients, client: httpx.Client, video: Path, tmp_path: Path
) -> None:
    log, sent = tmp_path / "pairs.jsonl", uploads_of(video, 3)
    shadowed = started(client_of(canary=SAME_CLIP, canary_share=1.0, canary_log=str(log)), SAME_CLIP)
    for content in (sent[0], *sent):
        assert post(shadowed, content) == post(client, content)
    until(lambda: pairs(read(shadowed)) == 3)
    samples = read(shadowed)
    for by in ("default", "canary"):
        assert value(samples, "canary_engine_seconds_count", by=by) == 3
        assert value(samples, "canary_confidence_count", by=by) == 3
    found = read_log(log)
    assert (found.models[0], found.models[2]) == (REFERENCE, SAME_CLIP)
    assert len(found.pairs) == 3


def test_what_is_written_is_what_was_said_and_nothing_of_the_upload(
    client_of: Clients, video: Path, tmp_path: Path
) -> None:
    log = tmp_path / "pairs.jsonl"
    client = started(client_of(canary=SAME_CLIP, canary_share=1.0, canary_log=str(log)), SAME_CLIP)
    answer = client.post("/predict", files={"file": ("my-secret-name.mp4", video.read_bytes())}).json()
    until(lambda: log.exists() and log.read_text().endswith("\n"))
    text = log.read_text()
    (pair,) = read_log(log).pairs
    assert (pair.default.label, pair.default.known) == (answer["label"], answer["known"])
    assert pair.default.confidence == pytest.approx(answer["confidence"], abs=1e-4)
    by_name = post(client, video.read_bytes(), model=SAME_CLIP)
    assert (pair.canary.label, pair.canary.known) == (by_name["label"], by_name["known"])
    assert pair.canary.confidence == pytest.approx(by_name["confidence"], abs=0.01)  # it may be of another precision
    said = {"model", "sha256", "label", "confidence", "known", "ms"}
    assert {name: set(side) for name, side in json.loads(text).items()} == {"default": said, "canary": said}
    assert "secret" not in text
    assert hashlib.sha256(video.read_bytes()).hexdigest()[:8] not in text


def test_a_canary_that_sees_other_frames_decodes_the_upload_once_more(
    client_of: Clients, video: Path, tmp_path: Path
) -> None:
    log = tmp_path / "pairs.jsonl"
    client = started(client_of(canary=OTHER_CLIP, canary_share=1.0, canary_log=str(log)), OTHER_CLIP)
    post(client, video.read_bytes())
    until(lambda: pairs(read(client)) == 1)
    until(lambda: log.exists() and log.read_text().endswith("\n"))
    by_name = post(client, video.read_bytes(), model=OTHER_CLIP)
    (pair,) = read_log(log).pairs
    assert pair.canary.label == by_name["label"]
    assert pair.canary.confidence == pytest.approx(by_name["confidence"], abs=0.01)


def test_requests_for_other_models_are_left_alone(client_of: Clients, video: Path) -> None:
    client = started(client_of(canary=SAME_CLIP, canary_share=1.0), SAME_CLIP)
    first, second = uploads_of(video, 2)
    post(client, first, model=SAME_CLIP)
    post(client, second)
    until(lambda: pairs(read(client)) == 1)


def test_a_busy_canary_delays_nothing_and_drops_what_finds_no_room(
    client_of: Clients, video: Path, held_canaries: list[HeldEngine]
) -> None:
    client = started(client_of(canary=SAME_CLIP, canary_share=1.0), SAME_CLIP)
    (canary,) = held_canaries
    canary.shut()
    first, *others = uploads_of(video, 8)
    post(client, first)
    assert canary.entered.wait(60)
    for content in others:  # answered while the canary is held
        post(client, content)
    samples = read(client)
    assert value(samples, "canary_dropped_total", reason="full") == 3
    assert pairs(samples) == 0
    canary.gate.set()
    until(lambda: pairs(read(client)) == 5)


def test_while_a_request_is_in_work_the_canary_waits_and_then_gives_up(
    client_of: Clients,
    video: Path,
    held_engines: list[HeldEngine],
    held_canaries: list[HeldEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.canary._PATIENCE", 0.3)
    client = started(client_of(canary=SAME_CLIP, canary_share=1.0), SAME_CLIP)
    (canary,), default = held_canaries, held_engines[0]
    first, second = uploads_of(video, 2)
    canary.shut()
    post(client, first)
    assert canary.entered.wait(60)
    default.shut()
    busy = threading.Thread(target=post, args=(client, second))
    busy.start()
    try:
        assert default.entered.wait(60)
        canary.gate.set()  # and now the default model would be timed, but it has a request
        until(lambda: value(read(client), "canary_dropped_total", reason="busy") == 1)
        assert default.clips == [1]
        assert pairs(read(client)) == 0
    finally:
        default.gate.set()
        busy.join()
    until(lambda: pairs(read(client)) == 1)


class Failing(HeldEngine):
    """Gives its golden answers, and then no more."""

    def predict(self, frames: Any) -> Any:
        if self.entered.is_set():
            raise RuntimeError("planted")
        return super().predict(frames)


def test_a_canary_that_fails_is_counted_and_changes_no_answer(
    client_of: Clients, client: httpx.Client, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Failing] = []

    def create(*arguments: Any, **named: Any) -> Failing:
        made.append(Failing(engine.create(*arguments, **named)))
        made[0].entered.set()
        return made[0]

    monkeypatch.setattr("app.canary.create", create)
    shadowed = started(client_of(canary=SAME_CLIP, canary_share=1.0), SAME_CLIP)
    assert post(shadowed, video.read_bytes()) == post(client, video.read_bytes())
    until(lambda: value(read(shadowed), "canary_dropped_total", reason="failed") == 1)


def test_a_canary_that_is_not_there_keeps_nothing_from_being_answered(
    client_of: Clients, video: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(canary="nothing@1", canary_share=1.0)
    until(lambda: "the canary nothing@1 does not answer: no model nothing@1" in caplog.text)
    post(client, video.read_bytes())
    assert value(read(client), "canary_up", model="nothing@1") == 0


def test_one_that_is_taken_out_of_its_store_answers_no_more(client_of: Clients, video: Path, tmp_path: Path) -> None:
    name, _, version = SAME_CLIP.partition("@")
    shutil.copytree(BUILT_IN / name / version, tmp_path / name / version)
    client = started(client_of(canary=SAME_CLIP, canary_share=1.0, canary_store=str(tmp_path)), SAME_CLIP)
    os.rename(tmp_path / name / version, tmp_path / name / ".withdrawn")
    post(client, video.read_bytes())
    until(lambda: value(read(client), "canary_up", model=SAME_CLIP) == 0)
    assert pairs(read(client)) == 0


def test_a_canary_that_is_the_default_model_is_told_of_once(
    client_of: Clients, video: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = started(client_of(canary=REFERENCE, canary_share=1.0), REFERENCE)
    for content in uploads_of(video, 2):
        post(client, content)
    assert caplog.text.count("is the default model itself") == 1


def test_the_share_is_drawn_by_the_upload() -> None:
    hashes = [hashlib.sha256(bytes([a, b])).hexdigest() for a in range(40) for b in range(250)]
    count = sum(drawn(each, 0.05) for each in hashes)
    assert abs(count - 500) < 5 * (10_000 * 0.05 * 0.95) ** 0.5
    assert all(drawn(each, 1.0) for each in hashes)
    assert not any(drawn(each, 0.05) and not drawn(each, 0.2) for each in hashes)


@pytest.mark.parametrize("wrong", ["videoxception-c", "@2", "videoxception-c@newest"])
def test_a_canary_is_a_version(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VX_CANARY", wrong)
    with pytest.raises(SettingsError, match="VX_CANARY="):
        Settings.from_environment()
