"""The engine of any architecture: against float64, and that no answer depends on its neighbours or its place."""

import logging

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.videoxception.engine.conftest import SMALL, CardAtOnce
from videoxception import golden
from videoxception.engine import EngineError
from videoxception.engine.base import FloatPrecision
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_graphs import GraphRunner
from videoxception.engine.cuda_plain import CHUNKS, PlainEngine, largest_steady
from videoxception.nets.served import load_served
from videoxception.store import Release

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU: streams and graphs")
TOLERANCE = {"f32": 1e-5, "bf16": 2e-2}  # of the largest logit
CLIPS = golden.draw(SMALL, 3, 11)


@pytest.fixture(scope="module", params=["a f32", "a bf16", "c f32", "c bf16"])
def made(request: pytest.FixtureRequest) -> tuple[Release, PlainEngine]:
    """A small release of one type or another, and its engine in one precision or another."""
    name, precision = request.param.split()
    release: Release = request.getfixturevalue(f"small_{name}")
    return release, PlainEngine.load(release, CardAtOnce(), precision)


def test_answers_are_those_of_the_network(made: tuple[Release, PlainEngine]) -> None:
    release, engine = made
    with torch.inference_mode():
        expected = load_served(release).double()(torch.from_numpy(CLIPS)).numpy()
    off = np.abs(engine.predict(CLIPS) - expected).max()
    assert off <= TOLERANCE[engine.precision] * max(1.0, np.abs(expected).max())


def test_an_answer_does_not_depend_on_its_batch(made: tuple[Release, PlainEngine]) -> None:
    expect_independence(made[1], CLIPS)


def expect_independence(engine: PlainEngine, clips: np.ndarray) -> None:
    """Every clip gets the same bits alone, among all, and in batches of other sizes and orders."""
    together = engine.predict(clips)
    for clip, row in zip(clips, together, strict=True):
        assert np.array_equal(engine.predict(clip[None])[0], row)
    for count in (2, 9):
        assert np.array_equal(engine.predict(clips[::-1][:count]), together[::-1][:count])


def test_cudnn_is_left_as_it_was(small_a: Release) -> None:
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32
    PlainEngine.load(small_a, CardAtOnce(), "f32")
    assert (cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32) == before


class Planted(nn.Module):
    """Logits (B, 1): each clip's mean, and what is planted."""

    def __init__(self, plant: str = "nothing", allowed: int = 0) -> None:
        super().__init__()
        self.plant, self.allowed, self.sizes = plant, allowed, set[int]()

    def forward(self, frames: Tensor) -> Tensor:
        self.sizes.add(len(frames))
        means = frames.float().mean((1, 2, 3, 4))[:, None]
        if len(frames) <= self.allowed or self.plant == "nothing":
            return means
        if self.plant == "memory":
            raise torch.OutOfMemoryError("planted")
        if self.plant == "place":
            return means + 1e-3 * torch.arange(len(frames))[:, None]
        return means + 1e-3 * means.mean()


@pytest.mark.parametrize("plant", ["place", "neighbours", "memory"])
@pytest.mark.parametrize("allowed", [4, 1])
def test_chunks_are_halved_until_answers_are_steady(plant: str, allowed: int, caplog: pytest.LogCaptureFixture) -> None:
    engine = PlainEngine(Planted(plant, allowed), SMALL, 1, CardAtOnce(), "f32")
    assert engine.chunk == allowed
    assert len(caplog.records) == CHUNKS.index(allowed)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    expect_independence(engine, CLIPS)
    np.testing.assert_allclose(engine.predict(CLIPS)[:, 0], CLIPS.mean((1, 2, 3, 4)), rtol=1e-6)


def test_only_one_size_is_ever_run() -> None:
    net = Planted()
    engine = PlainEngine(net, SMALL, 1, CardAtOnce(), "f32")
    for count in (1, 3, 8, 11):
        engine.predict(CLIPS[:count])
    assert net.sizes == {CHUNKS[0]}


def test_two_graphs_that_differ_are_refused() -> None:
    made: list[GraphRunner] = []

    def unequal(frames: Tensor, logits: Tensor) -> None:
        second_slot = made and frames.data_ptr() == made[-1]._slots[1].frames.data_ptr()
        logits.fill_(1 if second_slot else 0)

    def record(chunk: int) -> GraphRunner:
        made.append(GraphRunner(unequal, SMALL.shape, 1, [chunk], CardAtOnce()))
        return made[-1]

    with pytest.raises(EngineError, match="its bits depend on which of two graphs computes it"):
        largest_steady(record, CLIPS)
    assert [runner.buckets for runner in made] == [[chunk] for chunk in CHUNKS]


@gpu
@pytest.mark.parametrize("precision", ["f32", "bf16"])
@pytest.mark.parametrize("name", ["shipped", "small"])
def test_answers_on_a_gpu(name: str, precision: FloatPrecision, release: Release, small_c: Release) -> None:
    chosen = release if name == "shipped" else small_c
    engine = PlainEngine.load(chosen, Card("cuda"), precision)
    golden.check(engine, chosen.manifest)
    expect_independence(engine, golden.draw(chosen.manifest.clip, 5, 19))
