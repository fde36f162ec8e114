import pytest

from training.config.stages import parse_stages, resized_stages
from training.errors import TrainingError

STAGES = parse_stages("60x1x96x32,12x4x128x16,8x10x128x8")


@pytest.mark.parametrize("epochs", [3, 4, 7, 80, 200])
def test_epochs_are_shared_as_the_stages_have_them(epochs: int) -> None:
    shared = [stage.epochs for stage in resized_stages(STAGES, epochs, None)]
    assert sum(shared) == epochs
    assert min(shared) >= 1
    assert all(abs(own - epochs * stage.epochs / 80) <= 2 for own, stage in zip(shared, STAGES, strict=True))


def test_batches_of_one_size() -> None:
    assert [str(stage) for stage in resized_stages(STAGES, None, 4)] == ["60x1x96x4", "12x4x128x4", "8x10x128x4"]
    assert resized_stages(STAGES, 80, None) == STAGES
    assert resized_stages(STAGES, None, None) == STAGES


def test_fewer_epochs_than_stages_are_refused() -> None:
    with pytest.raises(TrainingError, match="--epochs must be at least 1 for each of the 3 stages, but got 2"):
        resized_stages(STAGES, 2, None)
    with pytest.raises(TrainingError, match="at least 1 for batch, but got 0"):
        resized_stages(STAGES, None, 0)
