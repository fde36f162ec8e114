"""Batches cut into pieces, run in buckets from two slots, and put together again."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.videoxception.engine.conftest import CardAtOnce
from videoxception.engine import EngineError, cuda_graphs
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_graphs import GraphRunner, bucket, pieces

BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
SHAPE = (1, 2, 2, 3)


def run(frames: Tensor, logits: Tensor) -> None:
    """The sums of each frame's first colour, and of all."""
    logits[:, 0] = frames[..., 0].sum((1, 2, 3))
    logits[:, 1] = frames.sum((1, 2, 3, 4))


@pytest.mark.parametrize("buckets", [[2], [1, 2, 4], [8]])
@pytest.mark.parametrize("count", [0, 1, 2, 5, 7])
def test_every_clip_gets_its_own_answer(count: int, buckets: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graphs, "_PIECE", 2)
    frames = np.random.default_rng(0).integers(0, 256, (count, *SHAPE), np.uint8)
    runner = GraphRunner(run, SHAPE, 2, buckets, CardAtOnce())
    expected = np.stack([frames[..., 0].sum((1, 2, 3)), frames.sum((1, 2, 3, 4))], 1)
    np.testing.assert_array_equal(runner.predict(frames), expected)
    np.testing.assert_array_equal(runner.predict(frames[::-1]), expected[::-1])


def test_a_graph_is_recorded_for_each_bucket_of_each_slot_and_no_other_size_is_ever_run() -> None:
    sizes: list[int] = []

    def noted(frames: Tensor, logits: Tensor) -> None:
        sizes.append(len(frames))

    runner = GraphRunner(noted, SHAPE, 2, [2, 4], CardAtOnce())
    assert sizes == [2, 4, 2, 4]
    sizes.clear()
    for count in (1, 2, 3, 9):
        runner.predict(np.zeros((count, *SHAPE), np.uint8))
    assert sizes == [2, 2, 4, 4, 4, 2]


def test_other_clips_are_refused() -> None:
    with pytest.raises(ValueError, match=r"clips must be uint8 \(B, 1, 2, 2, 3\), but got uint8 \(1, 1, 2, 3, 3\)"):
        GraphRunner(run, SHAPE, 2, [1], CardAtOnce()).predict(np.zeros((1, 1, 2, 3, 3), np.uint8))


def test_batches_are_cut_so_that_copies_can_overlap() -> None:
    def sizes(count: int, buckets: list[int]) -> list[int]:
        return [piece.stop - piece.start for piece in pieces(count, buckets)]

    assert sizes(0, BUCKETS) == []
    assert sizes(3, BUCKETS) == [3]
    assert sizes(64, BUCKETS) == [64]
    assert sizes(65, BUCKETS) == [64, 1]
    assert sizes(256, BUCKETS) == [64] * 4
    assert sizes(1000, BUCKETS) == [256, 256, 256, 232]
    assert sizes(20, [8]) == [8, 8, 4]
    assert bucket(33, BUCKETS) == 64


def test_a_card_that_is_not_there_is_named() -> None:
    with pytest.raises(EngineError, match="cannot use the device 'cuda:99'"):
        Card("cuda:99")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU: streams and graphs")
def test_every_clip_gets_its_own_answer_on_a_gpu() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (1000, *SHAPE), np.uint8)
    expected = np.stack([frames[..., 0].sum((1, 2, 3)), frames.sum((1, 2, 3, 4))], 1)
    for buckets in (BUCKETS, [8]):
        np.testing.assert_array_equal(GraphRunner(run, SHAPE, 2, buckets, Card("cuda")).predict(frames), expected)
