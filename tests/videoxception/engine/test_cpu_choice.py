"""How a CPU runs a model: by measurement that is kept, by a file that pins it, or as it is asked for."""

import json
import logging
from pathlib import Path

import pytest

from videoxception import engine as engines
from videoxception import golden
from videoxception.engine import EngineError, cpu_choice, kept_choices
from videoxception.engine.base import Chosen, Precision
from videoxception.engine.kept_choices import Measured, read_pins
from videoxception.engine.openvino import OpenVINOEngine, possible_precisions
from videoxception.store import ModelStore, Release


@pytest.fixture
def nothing_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has measured nothing yet."""
    monkeypatch.setattr(kept_choices, "_seen", {})


def measured(precision: Precision, **cpu_ms: float) -> Measured:
    return Measured.model_validate(
        {
            "cpu": "some",
            "openvino": "some",
            "precision": precision,
            "streams": 1,
            "cpu_ms": cpu_ms,
            "clips_per_second": {1: 9.0},
        }
    )


@pytest.fixture
def slow_f32(monkeypatch: pytest.MonkeyPatch, nothing_seen: None) -> list[str]:
    """A CPU on which int8 wins; which models were measured."""
    asked: list[str] = []

    def measure(release: Release, cache: Path | None = None) -> Measured:
        asked.append(str(release))
        return measured("int8", int8=10.0, f32=20.0)

    monkeypatch.setattr(cpu_choice, "measure", measure)
    return asked


def test_what_is_measured_is_right_and_kept_for_the_next_process(
    release: Release, tmp_path: Path, nothing_seen: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines.create(release, "cpu", cache=tmp_path)
    assert isinstance(engine, Chosen)
    choice = engine.choice
    assert choice.by == "measured"
    assert list(choice.cpu_ms) == possible_precisions(release)
    (kept,) = tmp_path.glob("*.json")
    assert Measured.model_validate_json(kept.read_bytes()).precision == engine.precision
    monkeypatch.setattr(kept_choices, "_seen", {})
    monkeypatch.setattr(cpu_choice, "measure", None)
    again = engines.create(release, "cpu", cache=tmp_path)
    assert isinstance(again, OpenVINOEngine)
    assert again.choice == choice


def test_a_torn_file_is_measured_again(release: Release, tmp_path: Path, slow_f32: list[str]) -> None:
    engines.create(release, "cpu", cache=tmp_path)
    (kept,) = tmp_path.glob("*.json")
    kept.write_bytes(kept.read_bytes()[:40])
    kept_choices._seen.clear()
    engines.create(release, "cpu", cache=tmp_path)
    assert slow_f32 == [str(release)] * 2


def test_another_cpu_is_measured_anew(
    release: Release, tmp_path: Path, slow_f32: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engines.create(release, "cpu", cache=tmp_path)
    monkeypatch.setattr(kept_choices, "_features", lambda: "flags: fewer")
    engines.create(release, "cpu", cache=tmp_path)
    assert len(slow_f32) == 2


def test_what_is_asked_for_is_taken_and_warned_of_where_it_is_slow(
    release: Release, tmp_path: Path, slow_f32: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    engine = engines.create(release, "cpu", "f32", tmp_path, streams=1)
    assert isinstance(engine, OpenVINOEngine)
    assert (engine.precision, engine.streams, engine.choice.by) == ("f32", 1, "asked")
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "runs in f32, which is asked for (VX_PRECISION), at 20 CPU ms a clip; in int8 it would be 10" in warning


def test_without_a_cache_nothing_is_measured_for_a_fixed_precision(release: Release, slow_f32: list[str]) -> None:
    assert engines.create(release, "cpu", "f32").precision == "f32"
    assert slow_f32 == []


def test_a_pinned_choice_is_taken_without_measuring(release: Release, tmp_path: Path, slow_f32: list[str]) -> None:
    (tmp_path / "choices.json").write_text(json.dumps({str(release): {"precision": "f32", "streams": 2}}))
    store = ModelStore([tmp_path])
    engine = engines.create(release, "cpu", cache=tmp_path, pins=store.pins)
    assert isinstance(engine, OpenVINOEngine)
    assert (engine.precision, engine.streams, engine.choice.by) == ("f32", 2, "pinned")
    assert slow_f32 == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a@1": {"precision": "f64"}}', "choices.json does not pin how models are run: a@1.precision: "),
        ('{"a@1": {"precison": "f32"}}', "a@1.precison: Extra inputs"),
        ("{", "Invalid JSON"),
    ],
)
def test_a_file_that_pins_nothing_sensible_is_named(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "choices.json"
    path.write_text(content)
    with pytest.raises(EngineError, match=message):
        read_pins(path)


def test_int8_is_timed_on_cpus_without_bf16_too(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("videoxception.engine.openvino.native_precision", lambda core: "f32")
    assert possible_precisions(release) == ["f32", "int8"]


def test_every_split_gives_the_same_answers(release: Release) -> None:
    engine = OpenVINOEngine(release, "f32")
    clips = golden.draw(release.manifest.clip, 3, 3)
    assert cpu_choice._splits(engine, clips).keys() >= {1, engine.streams}
