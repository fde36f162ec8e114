import pytest
import torch

from training.augment.mixup import mix
from training.config.augmentation import MixupConfig

CLIPS = torch.arange(6).float().view(6, 1, 1, 1, 1).expand(6, 3, 2, 16, 16)  # clip k is all k


def mixed(config: MixupConfig, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Clips, and the shares (6, 6) of the clips in each."""
    mixture = mix(CLIPS, config, torch.Generator().manual_seed(seed))
    return mixture.clips, mixture.blend(torch.eye(6))


@pytest.mark.parametrize("config", [MixupConfig(), MixupConfig(mixup=1.0, cutmix=1.0, mix_prob=0.0)])
def test_without_mixing_clips_and_labels_are_as_they_were(config: MixupConfig) -> None:
    clips, shares = mixed(config)
    assert torch.equal(clips, CLIPS)
    assert torch.equal(shares, torch.eye(6))


@pytest.mark.parametrize("config", [MixupConfig(mixup=1.0), MixupConfig(cutmix=1.0)])
@pytest.mark.parametrize("seed", range(5))
def test_the_labels_are_what_is_to_be_seen(config: MixupConfig, seed: int) -> None:
    """Clip k is all k, so that the mean of a mixed clip is the mean of the numbers of its classes."""
    clips, shares = mixed(config, seed)
    assert torch.allclose(clips.mean((1, 2, 3, 4)), shares @ torch.arange(6).float(), atol=1e-4)
    assert torch.allclose(shares.sum(1), torch.ones(6))
    assert (shares.max(1).values < 1).any()


def test_cutmix_pastes_one_rectangle_into_all_frames() -> None:
    clips, _ = mixed(MixupConfig(cutmix=1.0), 3)
    assert torch.equal(clips[:, :, 0], clips[:, :, 1])
    assert all(len(clip.unique()) <= 2 for clip in clips)


def test_the_same_seed_mixes_the_same() -> None:
    config = MixupConfig(mixup=0.4, cutmix=1.0)
    assert torch.equal(mixed(config, 7)[0], mixed(config, 7)[0])
    assert not torch.equal(mixed(config, 7)[0], mixed(config, 8)[0])
