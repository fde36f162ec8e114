"""Mixup and cutmix for clips: two videos in one clip, and what is true of both in its target.

Sources: mixup, https://arxiv.org/abs/1710.09412; cutmix, https://arxiv.org/abs/1905.04899.
"""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from training.config.augmentation import MixupConfig


@dataclass(frozen=True, slots=True)
class Mixture:
    """Clips of which each is mixed with another one of its batch.

    Attributes:
        clips: (B, 3, T, H, W), mixed.
        partners: (B,) with which one.
        kept: the share that is left of each clip.
    """

    clips: Tensor
    partners: Tensor
    kept: float

    def blend(self, x: Tensor) -> Tensor:
        """Mix what is true of each clip, (B, ...), by the same shares."""
        return torch.lerp(x[self.partners], x, self.kept)


def mix(clips: Tensor, config: MixupConfig, rng: torch.Generator) -> Mixture:
    """Mix clips (B, 3, T, H, W).

    One of the two methods is drawn for the whole batch, or neither; each clip is mixed with another one of the batch.
    """
    methods = [method for method, alpha in ((_mixup, config.mixup), (_cutmix, config.cutmix)) if alpha > 0]
    if not methods or torch.rand((), generator=rng) >= config.mix_prob:
        return Mixture(clips, torch.arange(len(clips), device=clips.device), 1.0)
    partners = torch.randperm(len(clips), generator=rng).to(clips.device)
    dice = random.Random(int(torch.randint(2**62, (), generator=rng)))  # torch draws no beta variates from a generator
    mixed, kept = dice.choice(methods)(clips, clips[partners], config, dice)
    return Mixture(mixed, partners, kept)


def _mixup(clips: Tensor, partners: Tensor, config: MixupConfig, dice: random.Random) -> tuple[Tensor, float]:
    """Fade each clip into its partner; return also the share that is left of the clips."""
    kept = dice.betavariate(config.mixup, config.mixup)
    return torch.lerp(partners, clips, kept), kept


def _cutmix(clips: Tensor, partners: Tensor, config: MixupConfig, dice: random.Random) -> tuple[Tensor, float]:
    """Put a rectangle of each partner over its clip, the same one in all frames; return also the clips' share."""
    height, width = clips.shape[-2:]
    side = (1 - dice.betavariate(config.cutmix, config.cutmix)) ** 0.5  # as a share of the frame's
    tall, wide = round(height * side), round(width * side)
    top, left = dice.randint(0, height - tall), dice.randint(0, width - wide)
    mixed = clips.clone()
    mixed[..., top : top + tall, left : left + wide] = partners[..., top : top + tall, left : left + wide]
    return mixed, 1 - tall * wide / (height * width)
