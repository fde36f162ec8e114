"""VideoXception C and D: EfficientNet-Lite over clips, with VideoXception's split of space, time and channels.

EfficientNet-Lite is made of the separable convolutions that VideoXception (`videoxception.py`) is made of. In its late
stages, where frames are small, a convolution over time follows each one over space. It begins as the identity and, in a
share of the channels, as a shift by one frame, so that with weights of the network of frames a still clip gets that
network's very logits, and motion is learnt on top.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.efficientnet_lite import LITE0, LITE2, STAGES, TOP, EfficientNetLite, MBConv, Variant

SHIFT = 0.25
"""Share of the channels that begin as shifts: with none, no direction of motion is learnt (lab-notes/networks.md)."""

_LATE = 4  # the first stage, counted from 0, with kernels over time; in all stages they would cost twice as much


class TemporalConv(nn.Conv2d):
    """Each channel convolved over three frames, the first and the last frame of a clip repeated beyond it; then ReLU6.

    There is no batch norm. It begins as the identity of what it is given, which is in 0..6 already; in a share `shift`
    of the channels it takes what lies a frame before, or behind in every other one (https://arxiv.org/abs/1811.08383):
    gradients of an identity alone hardly ask for the order of frames.
    """

    def __init__(self, channels: int, shift: float = SHIFT) -> None:
        if not 0 <= shift <= 1:
            raise ValueError(f"shift is a share of the channels, from 0 to 1, but got {shift}")
        super().__init__(channels, channels, (3, 1), groups=channels)
        self.begin(shift)

    @torch.no_grad()
    def begin(self, shift: float) -> None:
        """Set the kernels of a share of the channels to shifts, the others to the identity."""
        assert self.bias is not None
        taps = torch.ones(self.in_channels, dtype=torch.long)
        shifted = round(shift * self.in_channels)
        taps[:shifted:2], taps[1:shifted:2] = 0, 2
        self.weight.zero_()[torch.arange(self.in_channels), 0, taps] = 1  # (C, 1, 3, 1)
        self.bias.zero_()

    def forward(self, x: Tensor, frames: int = 1) -> Tensor:
        """(B*T, C, H, W) of clips with T = `frames` -> the same, channels last."""
        _, channels, height, width = x.shape
        x = x.reshape(-1, frames, channels, height * width).transpose(1, 2)  # (B, C, T, H*W)
        x = F.relu6(super().forward(torch.cat([x[:, :, :1], x, x[:, :, -1:]], 2)))
        return x.transpose(1, 2).reshape(-1, channels, height, width)


class VideoXceptionC(EfficientNetLite):
    """The network: float clips (B, 3, T, H, W) in 0..1 -> logits (B, num_classes). Any T, H and W will do.

    `temporal` says whether there are convolutions over time, and `shift` in which share of their channels they begin as
    a shift by one frame; without them, a clip's features are the mean of its frames'. The other arguments are those of
    `EfficientNetLite`.
    """

    def __init__(
        self,
        variant: Variant,
        num_classes: int,
        dropout: float = 0.0,
        stochastic_depth: float = 0.0,
        temporal: bool = True,
        shift: float = SHIFT,
    ) -> None:
        super().__init__(variant, num_classes, dropout, stochastic_depth)
        for block in self.blocks:
            if temporal and isinstance(block, MBConv) and block.spec.stage >= _LATE:
                block.temporal = TemporalConv(block.hidden, shift)

    def forward(self, x: Tensor) -> Tensor:
        """Float (B, 3, T, H, W) -> logits (B, num_classes)."""
        _, channels, frames, height, width = x.shape
        x = x.transpose(1, 2).reshape(-1, channels, height, width).contiguous(memory_format=torch.channels_last)
        return self.classify_clips(self.features(x, frames), frames)

    def resume(self, x: Tensor, start: int, frames: int = 1) -> Tensor:
        """Return logits of clips with T = `frames` from what the first `start` stages gave for their frames.

        Args:
            x: (B*T, C, h, w); or, where `start` counts the last convolution too, pooled features (B*T, 1280).
        """
        if start > STAGES:
            return self.classify(x.view(-1, frames, TOP).mean(1))
        x = x.contiguous(memory_format=torch.channels_last)
        return self.classify_clips(self.convolve(x, frames, start), frames)

    def classify_clips(self, features: Tensor, frames: int) -> Tensor:
        """Features (B*T, 1280, h, w) of clips with T = `frames` -> logits (B, num_classes)."""
        return self.classify(features.mean((2, 3)).view(-1, frames, TOP).mean(1))


def videoxception_c(
    num_classes: int, dropout: float = 0.0, stochastic_depth: float = 0.0, temporal: bool = True, shift: float = SHIFT
) -> VideoXceptionC:
    """Type C: on EfficientNet-Lite0."""
    return VideoXceptionC(LITE0, num_classes, dropout, stochastic_depth, temporal, shift)


def videoxception_d(
    num_classes: int, dropout: float = 0.0, stochastic_depth: float = 0.0, temporal: bool = True, shift: float = SHIFT
) -> VideoXceptionC:
    """Type D: on EfficientNet-Lite2."""
    return VideoXceptionC(LITE2, num_classes, dropout, stochastic_depth, temporal, shift)
