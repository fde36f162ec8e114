import pytest
import torch

from training.augment.randaugment import OPERATIONS, randaugment
from training.config.augmentation import RandAugmentConfig

SHAPE = (8, 3, 5, 20, 28)


def clips() -> torch.Tensor:
    return torch.rand(SHAPE, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_of_no_strength_does_next_to_nothing(operation: object) -> None:
    assert callable(operation)
    done = operation(clips(), torch.zeros(8, 1, 5, 1, 1))
    assert torch.allclose(done, clips(), atol=3e-3)  # posterise still rounds to a byte


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("strength", [-0.8, 0.8])
def test_an_operation_changes_frames_and_keeps_shapes(operation: object, strength: float) -> None:
    assert callable(operation)
    done = operation(clips(), torch.full((8, 1, 5, 1, 1), strength))
    assert done.shape == SHAPE
    assert (done - clips()).abs().mean() > 0.01


def test_strength_drifts_over_the_frames_of_a_clip() -> None:
    still = torch.full((64, 3, 5, 8, 8), 0.5)
    config = RandAugmentConfig(rand_ops=1, rand_magnitude=0.5, rand_drift=1.0)
    done = randaugment(still, config, torch.Generator().manual_seed(0))
    steady = randaugment(
        still, RandAugmentConfig(rand_ops=1, rand_magnitude=0.5, rand_drift=0.0), torch.Generator().manual_seed(0)
    )
    assert (done[:, :, 0] != done[:, :, -1]).any()
    assert torch.equal(steady[:, :, 0], steady[:, :, -1])


def test_results_stay_frames_and_follow_the_seed() -> None:
    config = RandAugmentConfig(rand_ops=3, rand_magnitude=1.0)
    once, again = (randaugment(clips(), config, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(once, again)
    assert once.min() >= 0
    assert once.max() <= 1
    assert torch.equal(randaugment(clips(), RandAugmentConfig(), torch.Generator()), clips())
