"""Every engine against the float64 reference, on drawn and on real clips."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from videoxception import engine as engines
from videoxception import golden
from videoxception.answer import probabilities
from videoxception.clip import ClipSpec, Frames
from videoxception.engine import Engine, EngineError, OutOfMemory
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.engine.torch_reference import TorchEngine
from videoxception.nets.served import load_served
from videoxception.store import Release
from videoxception.video import decode

TOLERANCE = {"f32": 1e-4, "bf16": 2e-2}


@pytest.fixture(scope="module", params=["openvino f32", "openvino bf16", "torch f32"])
def engine(request: pytest.FixtureRequest, release: Release) -> Engine:
    backend, precision = request.param.split()
    return (OpenVINOEngine if backend == "openvino" else TorchEngine)(release, precision=precision)


Known = tuple[Frames, npt.NDArray[np.float64]]  # clips, and probabilities (B, K) in float64, by PyTorch


def with_reference(release: Release, clips: Frames) -> Known:
    with torch.inference_mode():
        logits = load_served(release).double()(torch.from_numpy(clips)).numpy()
    return clips, probabilities(logits, release.manifest.calibration.temperature)


@pytest.fixture(scope="module")
def drawn(release: Release) -> Known:
    return with_reference(release, golden.draw(ClipSpec(), 7, 2))


@pytest.fixture(scope="module")
def real(release: Release, real_clips: Path) -> Known:
    paths = sorted(p for folder in ("clips", "clips_other") for p in (real_clips / folder).rglob("*.*"))
    return with_reference(release, np.stack([decode(path, ClipSpec()).frames for path in paths]))


def check(engine: Engine, release: Release, known: Known) -> None:
    clips, expected = known
    found = probabilities(engine.predict(clips), release.manifest.calibration.temperature)
    allowed = TOLERANCE[engine.precision]
    assert np.abs(found - expected).max() <= allowed
    top = np.sort(expected, 1)
    clear = top[:, -1] - top[:, -2] > allowed
    assert (found.argmax(1) == expected.argmax(1))[clear].all()


def test_on_drawn_clips(engine: Engine, release: Release, drawn: Known) -> None:
    check(engine, release, drawn)
    golden.check(engine, release.manifest)


def test_on_real_clips(engine: Engine, release: Release, real: Known) -> None:
    check(engine, release, real)


def test_neighbours_do_not_change_an_answer(engine: Engine) -> None:
    clips = golden.draw(ClipSpec(), 3, 3)
    together = engine.predict(clips)
    for clip, row in zip(clips, together, strict=True):
        assert np.array_equal(engine.predict(clip[None])[0], row)


@pytest.mark.parametrize(("busy", "idle_request"), [(True, "_alone"), (False, "_beside")])
def test_a_clip_takes_one_stream_while_other_work_needs_the_cores(
    busy: bool, idle_request: str, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = OpenVINOEngine(release, "f32")
    clip = golden.draw(release.manifest.clip, 5, 1)
    engine = plain.with_streams(2)
    engine.share(lambda: busy)
    monkeypatch.setattr(engine, idle_request, None)
    assert np.array_equal(engine.predict(clip), plain.predict(clip))


@pytest.mark.parametrize("wrong", [np.zeros((1, 9, 128, 128, 3), np.uint8), np.zeros((1, 10, 128, 128, 3), np.float32)])
def test_other_shapes_and_types_are_refused(wrong: npt.NDArray[np.generic], engine: Engine) -> None:
    with pytest.raises(ValueError, match=r"clips must be uint8 \(B, 10, 128, 128, 3\), but got"):
        engine.predict(wrong)


def test_pytorchs_word_for_a_full_device_is_translated(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(clip: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("no room")

    engine = TorchEngine(release)
    monkeypatch.setattr(engine, "_net", full)
    with pytest.raises(OutOfMemory, match="no room"):
        engine.predict(golden.draw(release.manifest.clip, 0, 1))


def test_auto_takes_the_cpu_without_a_gpu(release: Release) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("this machine has a GPU")
    engine = engines.create(release)
    assert isinstance(engine, OpenVINOEngine)
    assert engine.precision in ("f32", "bf16", "int8")


@pytest.mark.parametrize(
    ("device", "message"), [("tpu", "but got 'tpu'"), ("cuda:99", "cannot use the device 'cuda:99'")]
)
def test_devices_that_are_not_there_are_named(device: str, message: str, release: Release) -> None:
    with pytest.raises(EngineError, match=message):
        engines.create(release, device)


def test_what_was_compiled_is_kept_and_gives_the_same_answers(release: Release, tmp_path: Path) -> None:
    clips, folder = golden.draw(release.manifest.clip, 1, 1), tmp_path / "cache"
    plain, first = (OpenVINOEngine(release, "f32", cache).predict(clips) for cache in (None, folder))
    (kept,) = folder.glob("*.blob")
    assert folder.stat().st_mode & 0o777 == 0o700
    again = OpenVINOEngine(release, "f32", folder).predict(clips)
    kept.write_bytes(kept.read_bytes()[:1000])
    assert all(np.array_equal(plain, found) for found in (first, again))
    assert np.array_equal(plain, OpenVINOEngine(release, "f32", folder).predict(clips))


def test_a_folder_that_cannot_be_written_does_not_matter(release: Release, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    OpenVINOEngine(release, "f32", tmp_path / "file" / "cache")
