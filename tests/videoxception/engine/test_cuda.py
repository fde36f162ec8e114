"""The engine for GPUs: on a card as it is; without one, its bookkeeping, with everything done at once."""

import logging
import sys
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch

from videoxception import engine as engines
from videoxception import golden
from videoxception.engine import cuda
from videoxception.engine.base import EngineError, Unsuitable
from videoxception.engine.cuda import BUCKETS, CudaEngine, bucket, pieces
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.served import load_served
from videoxception.store import Release

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU: streams and graphs")
SHAPE = (1, 16, 16, 3)


class AtOnce:
    """A stream or an event where nothing is ever late."""

    def __init__(self, *_: object) -> None:
        pass

    def record(self) -> None:
        pass

    def synchronize(self) -> None:
        pass

    def wait_event(self, event: object) -> None:
        pass


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, release: Release) -> CudaEngine:
    """An engine for tiny clips that runs without a card: its streams are in step, its graphs are calls."""
    for name in ("Stream", "Event"):
        monkeypatch.setattr(torch.cuda, name, AtOnce)
    for name in ("stream", "device"):
        monkeypatch.setattr(torch.cuda, name, lambda _: nullcontext())
    monkeypatch.setattr(cuda._Slot, "__init__", _with_events(cuda._Slot.__init__))
    monkeypatch.setattr(cuda, "_usable", lambda _: torch.device("cpu"))
    monkeypatch.setattr(cuda, "_capacity", lambda *_: 4)
    monkeypatch.setattr(cuda, "_PIECE", 2)
    monkeypatch.setattr(cuda, "_pinned", lambda size, dtype: torch.zeros(size, dtype=dtype))
    monkeypatch.setattr(cuda, "_record", lambda fused, *tensors: lambda: fused.run(*tensors[:2]))
    return CudaEngine(fuse_norms(load_served(release), release.manifest.clip), SHAPE, precision="f32")


def _with_events(make: Any) -> Any:
    return lambda self, **given: make(self, copied=AtOnce(), done=AtOnce(), **given)


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU; the engine itself is tested here")
def test_pieces_come_back_in_order_from_two_slots(small: CudaEngine, release: Release) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (7, *SHAPE), np.uint8)
    assert [(p.start, p.stop) for p in pieces(7, small.buckets)] == [(0, 2), (2, 4), (4, 6), (6, 7)]
    with torch.inference_mode():
        expected = load_served(release)(torch.from_numpy(frames)).numpy()
    np.testing.assert_allclose(small.predict(frames), expected, atol=1e-4)
    assert small.predict(frames[:0]).shape == (0, release.manifest.outputs)


def test_batches_are_cut_so_that_copies_can_overlap() -> None:
    def sizes(count: int) -> list[int]:
        return [piece.stop - piece.start for piece in pieces(count, list(BUCKETS))]

    assert sizes(0) == []
    assert sizes(3) == [3]
    assert sizes(64) == [64]
    assert sizes(65) == [64, 1]
    assert sizes(256) == [64] * 4
    assert sizes(1000) == [256, 256, 256, 232]
    assert bucket(33, list(BUCKETS)) == 64


def test_small_cards_get_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1000, 2000))
    assert cuda._capacity(100, torch.device("cuda")) == 4
    with pytest.raises(Unsuitable, match="one clip needs 501 bytes, and the GPU has 1000 free"):
        cuda._capacity(501, torch.device("cuda"))


def test_an_old_card_runs_plain_pytorch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, release: Release
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    _expect_fallback(monkeypatch, caplog, release, r"need compute capability 8.0 or above, but cuda has (7, 5)")


def test_without_triton_plain_pytorch_runs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, release: Release
) -> None:
    monkeypatch.setitem(sys.modules, "videoxception.engine.cuda", None)
    _expect_fallback(monkeypatch, caplog, release, "videoxception.engine.cuda")


def _expect_fallback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, release: Release, reason: str
) -> None:
    made = []
    monkeypatch.setattr("videoxception.engine.torch_reference.TorchEngine", lambda *given: made.append(given))
    with caplog.at_level(logging.WARNING):
        engines.create(release, "cuda", "bf16")
    assert made == [(release, "cuda", "bf16")]
    assert reason in caplog.text


def test_kernels_that_cannot_be_built_are_a_reason_to_fall_back() -> None:
    class Broken:
        def run(self, *_: object) -> None:
            raise RuntimeError("Failed to find C compiler")

    with pytest.raises(Unsuitable, match="cannot build the kernels: RuntimeError: Failed to find C compiler"):
        cuda._build(Broken(), torch.empty(0), torch.empty(0))  # type: ignore[arg-type]


def test_a_card_that_is_not_there_is_named() -> None:
    with pytest.raises(EngineError, match="cannot use the device 'cuda:99'"):
        cuda._usable("cuda:99")


@gpu
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_golden_answers_on_a_gpu(precision: Any, release: Release) -> None:
    golden.check(CudaEngine.load(release, "cuda", precision), release.manifest)


@gpu
def test_an_answer_does_not_depend_on_its_batch_on_a_gpu(release: Release) -> None:
    engine = CudaEngine.load(release)
    clips = golden.draw(release.manifest.clip, 5, 300)
    together = engine.predict(clips)
    for number in (0, 63, 64, 299):
        assert np.array_equal(engine.predict(clips[number : number + 1])[0], together[number])
    assert np.array_equal(engine.predict(clips[:7]), together[:7])
