"""The engine of fused kernels: on a card as it is; without one, by Triton's interpreter on the CPU."""

import numpy as np
import pytest
import torch

from tests.shipped import DEFAULT, SHIPPED
from tests.videoxception.engine.conftest import SMALL, CardAtOnce
from videoxception import golden
from videoxception.engine.base import FloatPrecision, Unsuitable
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_fused import FusedEngine, _capacity
from videoxception.nets.served import load_served
from videoxception.store import Release

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU: streams and graphs")
interpreted = pytest.mark.skipif(
    torch.cuda.is_available(), reason="for machines without a GPU; the engine itself is tested here"
)


@interpreted
def test_answers_are_those_of_the_network(small_a: Release) -> None:
    engine = FusedEngine.load(small_a, CardAtOnce(free_memory=2**19), "f32")
    clips = golden.draw(SMALL, 1, 3)
    with torch.inference_mode():
        expected = load_served(small_a)(torch.from_numpy(clips)).numpy()
    np.testing.assert_allclose(engine.predict(clips), expected, atol=1e-4)
    assert (engine.device, engine.precision) == ("cpu", "f32")


def test_small_cards_get_smaller_batches() -> None:
    assert _capacity(100, 1000) == 4
    with pytest.raises(Unsuitable, match="one clip needs 501 bytes, and the GPU has 1000 free"):
        _capacity(501, 1000)


def test_old_cards_and_other_networks_are_refused(small_a: Release, small_c: Release) -> None:
    with pytest.raises(Unsuitable, match=r"need compute capability 8.0 or above, but cpu has \(7, 5\)"):
        FusedEngine.load(small_a, CardAtOnce(capability=(7, 5)))
    with pytest.raises(Unsuitable, match="without convolutions over time"):
        FusedEngine.load(small_c, CardAtOnce())


@gpu
@pytest.mark.parametrize("release", [SHIPPED, DEFAULT], ids=str)
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_golden_answers_on_a_gpu(precision: FloatPrecision, release: Release) -> None:
    golden.check(FusedEngine.load(release, Card("cuda"), precision), release.manifest)


@gpu
@pytest.mark.parametrize("release", [SHIPPED, DEFAULT], ids=str)
def test_an_answer_does_not_depend_on_its_batch_on_a_gpu(release: Release) -> None:
    engine = FusedEngine.load(release, Card("cuda"))
    clips = golden.draw(release.manifest.clip, 5, 300)
    together = engine.predict(clips)
    for number in (0, 63, 64, 299):
        assert np.array_equal(engine.predict(clips[number : number + 1])[0], together[number])
    assert np.array_equal(engine.predict(clips[:7]), together[:7])
