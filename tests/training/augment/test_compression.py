import pytest
import torch
from torch import Tensor

from training.augment.compression import degrade
from training.config.augmentation import CompressionConfig
from training.errors import TrainingError


def drawn(size: int = 32) -> Tensor:
    return torch.rand(4, 3, 2, size, size + 3, generator=torch.Generator().manual_seed(0))


def worn(clips: Tensor, seed: int = 1, **shares: float) -> Tensor:
    return degrade(clips, CompressionConfig(**shares), torch.Generator().manual_seed(seed))


def roughness(clips: Tensor) -> Tensor:
    """(B,): how much neighbours differ."""
    return clips.diff(dim=-1).abs().mean((1, 2, 3, 4))


def test_nothing_is_done_and_nothing_drawn_unless_asked_for() -> None:
    clips, rng = drawn(), torch.Generator().manual_seed(5)
    assert degrade(clips, CompressionConfig(), rng) is clips
    assert torch.equal(torch.rand(3, generator=rng), torch.rand(3, generator=torch.Generator().manual_seed(5)))


@pytest.mark.parametrize("share", ["downscale_prob", "compress_prob"])
def test_detail_goes_and_the_rest_stays(share: str) -> None:
    clips = drawn()
    before = clips.clone()
    found = worn(clips, **{share: 1.0})
    assert torch.equal(clips, before)
    assert found.shape == clips.shape
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found.mean((2, 3, 4)) - clips.mean((2, 3, 4))).abs().max() < 0.03
    changed = (found - clips).abs().mean((1, 2, 3, 4))
    assert (changed > 0.005).all()
    if share == "downscale_prob":
        assert (roughness(found) < 0.9 * roughness(clips)).all()


def test_a_smooth_frame_survives_coding() -> None:
    ramp = torch.linspace(0.1, 0.9, 32).expand(1, 3, 1, 32, 32)
    assert (worn(ramp, compress_prob=1.0) - ramp).abs().max() < 0.07


@pytest.mark.parametrize("share", ["downscale_prob", "compress_prob"])
def test_some_clips_are_left_alone(share: str) -> None:
    clips = torch.rand(60, 3, 1, 16, 16, generator=torch.Generator().manual_seed(2))
    found = worn(clips, **{share: 0.5})
    kept = sum(torch.equal(a, b) for a, b in zip(found, clips, strict=True))
    assert 15 < kept < 45
    assert torch.equal(found, worn(clips, **{share: 0.5}))


def test_shares_are_checked() -> None:
    with pytest.raises(TrainingError, match="--compress-prob"):
        CompressionConfig(compress_prob=1.5)
