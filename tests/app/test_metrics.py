import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import httpx
import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.access_log import RequestRecord
from app.batching import Batcher, Rules
from app.gpus import find_gpus
from app.metrics import Metrics
from app.settings import Settings
from tests.app.conftest import serve
from tests.service import ROOT
from tests.shipped import NAME, REFERENCE, VERSION

Clients = Callable[..., httpx.Client]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse(text: str) -> Samples:
    """The samples of Prometheus's text format, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(client: httpx.Client) -> Samples:
    return parse(client.get("/metrics").text)


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((f"videoxception_{name}", frozenset(labels.items())), 0.0)


def wait_for(client: httpx.Client, state: Callable[[Samples], bool]) -> Samples:
    """The samples as soon as they are so."""
    for _ in range(600):
        if state(samples := read(client)):
            return samples
        time.sleep(0.05)
    raise AssertionError(f"it never came to that: {samples}")


@pytest.fixture
def added(client: httpx.Client) -> Callable[..., float]:
    """By how much a sample has grown since the test began."""
    before = read(client)
    return lambda name, **labels: value(read(client), name, **labels) - value(before, name, **labels)


def test_an_answer_is_counted_with_its_stages(client: httpx.Client, video: Path, added: Callable[..., float]) -> None:
    answer = client.post("/predict", content=video.read_bytes())
    assert added("requests_total", route="/predict", outcome="answered", reason="") == 1
    assert added("request_seconds_count", route="/predict") == 1
    for stage in ("upload", "queue", "decode", "batch", "infer"):
        assert added("stage_seconds_count", stage=stage) == 1
    in_header = float(answer.headers["server-timing"].split("decode;dur=")[1].split(",")[0]) / 1000
    assert added("stage_seconds_sum", stage="decode") == pytest.approx(in_header, abs=1e-4)
    assert added("upload_bytes_sum") == video.stat().st_size
    assert added("decodes_total", codec="h264", way="planned") == 1
    assert (added("batch_clips_count"), added("batch_clips_sum")) == (1, 1)


def test_an_answer_that_was_kept_counts_no_work(client_of: Clients, video: Path) -> None:
    client = client_of(answer_cache=10)
    for _ in range(2):
        assert client.post("/predict", content=video.read_bytes()).status_code == 200
    samples = read(client)
    assert [value(samples, "answers_total", cache=how) for how in ("miss", "hit", "off")] == [1, 1, 0]
    assert [value(samples, "stage_seconds_count", stage=stage) for stage in ("upload", "decode")] == [2, 1]
    assert value(samples, "decodes_total", codec="h264", way="planned") == 1


def test_a_refusal_is_counted_by_its_reason(client: httpx.Client, added: Callable[..., float]) -> None:
    assert client.post("/predict", content=b"no video").status_code == 415
    assert added("requests_total", route="/predict", outcome="refused", reason="not-a-video") == 1
    assert added("stage_seconds_count", stage="upload") == 1
    assert added("stage_seconds_count", stage="decode") == 0
    assert added("upload_bytes_sum") == len(b"no video")


def test_paths_that_strangers_make_up_share_one_label(client: httpx.Client, added: Callable[..., float]) -> None:
    for path in ("/secret.mp4", "/predict/secret.mp4"):
        assert client.get(path).status_code == 404
    assert added("requests_total", route="other", outcome="refused", reason="http-404") == 2
    assert "secret" not in client.get("/metrics").text


def test_codecs_that_are_not_on_the_list_share_one_label() -> None:
    metrics = Metrics()
    for codec in ("hevc", "made-up"):
        metrics.note(RequestRecord("", "POST", codec=codec, way="straight"))
    samples = parse(metrics.text().decode())
    assert value(samples, "decodes_total", codec="hevc", way="straight") == 1
    assert value(samples, "decodes_total", codec="other", way="straight") == 1


def test_the_model_and_the_decoders_are_told(client: httpx.Client) -> None:
    samples = read(client)
    (info,) = (dict(labels) for name, labels in samples if name == "videoxception_model_info")
    assert (info["name"], info["version"], info["default"]) == (NAME, str(VERSION), "true")
    (engine,) = (dict(labels) for name, labels in samples if name == "videoxception_engine_info")
    assert (engine["model"], engine["device"], engine["chosen"]) == (REFERENCE, "cpu", "measured")
    assert value(samples, "decoders_up") >= 1
    assert value(samples, "requests_in_flight") == value(samples, "decode_queue_videos") == 0
    assert value(samples, "batch_queue_clips", model=REFERENCE) == 0
    assert ("process_open_fds", frozenset()) in samples


def test_a_decoder_that_dies_is_counted_by_its_cause(client_of: Clients) -> None:
    client = client_of(decoders=1)
    wait_for(client, lambda samples: value(samples, "decoders_up") == 1)
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    newest = max(int(pid) for path in children for pid in path.read_text().split())
    os.kill(newest, signal.SIGKILL)
    samples = wait_for(client, lambda samples: value(samples, "decoders_started_total") == 2)
    assert value(samples, "decoders_ended_total", cause="crashed") == 1
    assert value(samples, "decoders_ended_total", cause="timed_out") == 0


def test_batches_are_counted_with_their_clips() -> None:
    seen: list[int] = []

    async def infer_three() -> None:
        engine = SimpleNamespace(
            device="cpu", precision="f32", predict=lambda frames: np.zeros((len(frames), 16), np.float32)
        )
        batcher = Batcher([engine], Rules(max_batch=2, delay=0.2), seen.append)
        frames = np.zeros((10, 4, 4, 3), np.uint8)
        await asyncio.gather(*(batcher.infer(frames, 10) for _ in range(3)))
        await batcher.close()

    asyncio.run(infer_three())
    assert seen == [2, 1]


def test_they_can_be_switched_off(client_of: Clients) -> None:
    assert client_of(metrics=False).get("/metrics").status_code == 404


def test_they_can_have_a_port_of_their_own() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serve(Settings(device="cpu", metrics_port=port)) as client:
        assert client.get("/metrics").status_code == 404
        assert value(parse(httpx.get(f"http://127.0.0.1:{port}/metrics").text), "decoders_up") >= 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


def test_every_metric_is_described(client: httpx.Client, card: None) -> None:
    registry = CollectorRegistry()
    registry.register(find_gpus())
    text = client.get("/metrics").text + generate_latest(registry).decode()
    names = [name for name in re.findall(r"^# TYPE (\w+)", text, re.MULTILINE) if name.startswith("videoxception_")]
    assert len(names) > 20
    described = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    assert [name for name in names if f"`{name}`" not in described] == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_promtool_finds_nothing_to_mend(client: httpx.Client) -> None:
    page = client.get("/metrics").content
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


class FakeNVMLError(Exception):
    """What the library raises for what a card does not tell."""


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """NVIDIA's library, on a machine with one card that does not tell its power."""

    def unknown(gpu: object) -> float:
        raise FakeNVMLError

    library = ModuleType("pynvml")
    library.NVMLError = FakeNVMLError
    library.nvmlInit = lambda: None
    library.nvmlDeviceGetCount = lambda: 1
    library.nvmlDeviceGetHandleByIndex = lambda index: index
    library.nvmlDeviceGetMemoryInfo = lambda gpu: SimpleNamespace(used=3, total=8)
    library.nvmlDeviceGetUtilizationRates = lambda gpu: SimpleNamespace(gpu=40)
    library.nvmlDeviceGetTemperature = lambda gpu, sensor: 50
    library.nvmlDeviceGetPowerUsage = unknown
    monkeypatch.setitem(sys.modules, "pynvml", library)


@pytest.mark.usefixtures("card")
def test_gpus_are_told_as_far_as_they_tell() -> None:
    registry = CollectorRegistry()
    registry.register(find_gpus())
    samples = parse(generate_latest(registry).decode())
    assert value(samples, "gpu_utilization_ratio", gpu="0") == 0.4
    assert value(samples, "gpu_memory_used_bytes", gpu="0") == 3
    assert ("videoxception_gpu_power_watts", frozenset({("gpu", "0")})) not in samples


def test_without_the_library_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_gpus() is None
