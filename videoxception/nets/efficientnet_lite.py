"""EfficientNet-Lite 0, 1 and 2: networks of frames whose ImageNet weights VideoXception C and D begin with.

Source: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, made from EfficientNet
(https://arxiv.org/abs/1905.11946) for small devices: ReLU6 instead of swish, no squeeze-and-excitation, and a first and
a last convolution that do not grow with the rest. The tests hold it against an independent implementation.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.videoxception import draw_kept

MEAN, STD = 127.0, 128.0  # of bytes; MEAN_RGB and STDDEV_RGB of the source
STEM, TOP = 32, 1280  # channels of the first and of the last convolution


@dataclass(frozen=True, slots=True)
class Variant:
    """How much wider and deeper than Lite0 a network is."""

    width: float
    depth: float


LITE0, LITE1, LITE2 = Variant(1.0, 1.0), Variant(1.0, 1.1), Variant(1.1, 1.2)


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """What a block is made of; `stage` counts from 0, and only a stage's first block has a stride above 1."""

    stage: int
    in_channels: int
    out_channels: int
    kernel_size: int
    stride: int
    expansion: int


# Lite0's stages: blocks, kernel size, stride, expansion, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STAGES = len(_STAGES)


def block_specs(variant: Variant) -> Iterator[BlockSpec]:
    """Yield the blocks of a network, in order. The first and the last stage get no deeper."""
    in_channels = STEM
    for stage, (blocks, kernel_size, stride, expansion, channels) in enumerate(_STAGES):
        out_channels = _widened(channels, variant.width)
        deepens = 0 < stage < len(_STAGES) - 1
        for number in range(math.ceil(blocks * variant.depth) if deepens else blocks):
            yield BlockSpec(stage, in_channels, out_channels, kernel_size, 1 if number else stride, expansion)
            in_channels = out_channels


def _widened(channels: int, width: float) -> int:
    """Return the multiple of 8 nearest to channels * width, or the next one if that would be less than 90 % of it."""
    nearest = max(8, int(channels * width + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels * width else nearest + 8


class SameConv2d(nn.Conv2d):
    """A convolution whose output has ceil(size / stride) rows and columns: TensorFlow's padding "SAME".

    It pads with zeros, and where their number is odd, one more below and to the right. It has no bias until a batch
    norm is fused into it.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, groups=groups, bias=False)
        fan_out = kernel_size**2 * out_channels // groups
        nn.init.normal_(self.weight, 0, math.sqrt(2 / fan_out))

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, ceil(H / stride), ceil(W / stride))."""
        kernel_size, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:  # as many zeros on either side
            return F.conv2d(x, self.weight, self.bias, padding=kernel_size // 2, groups=self.groups)
        top, bottom = _same_padding(x.shape[2], kernel_size, stride)
        left, right = _same_padding(x.shape[3], kernel_size, stride)
        x = F.pad(x, (left, right, top, bottom))
        return F.conv2d(x, self.weight, self.bias, stride=stride, groups=self.groups)


def _same_padding(size: int, kernel_size: int, stride: int) -> tuple[int, int]:
    """Return how many zeros come before and after `size` pixels."""
    outputs = -(-size // stride)
    zeros = max((outputs - 1) * stride + kernel_size - size, 0)
    return zeros // 2, zeros - zeros // 2


class ConvNorm(nn.Module):
    """A convolution, its batch norm with the source's constants, and ReLU6 if it is `active`."""

    def __init__(self, conv: SameConv2d, active: bool = True) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(conv.out_channels, eps=1e-3, momentum=0.01)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H', W')."""
        x = self.norm(self.conv(x))
        return F.relu6(x, inplace=True) if self.active else x


class MBConv(nn.Module):
    """An inverted residual block (https://arxiv.org/abs/1801.04381): widen, convolve each channel by itself, narrow.

    `temporal`, if it is set, comes after the depthwise convolution; it is called with the number of frames of a clip.
    In training, what is added to the block's input is left out for a share `drop` of the clips.
    """

    temporal: nn.Module | None

    def __init__(self, spec: BlockSpec, drop: float = 0.0) -> None:
        super().__init__()
        self.spec, self.drop = spec, drop
        self.hidden = hidden = spec.in_channels * spec.expansion
        self.is_residual = spec.stride == 1 and spec.in_channels == spec.out_channels
        self.expand = nn.Identity() if spec.expansion == 1 else ConvNorm(SameConv2d(spec.in_channels, hidden, 1))
        self.depthwise = ConvNorm(SameConv2d(hidden, hidden, spec.kernel_size, spec.stride, groups=hidden))
        self.temporal = None
        self.project = ConvNorm(SameConv2d(hidden, spec.out_channels, 1), active=False)

    def forward(self, x: Tensor, frames: int = 1) -> Tensor:
        """(B*T, in_channels, H, W) of clips with T = `frames` -> (B*T, out_channels, H / stride, W / stride)."""
        y = self.depthwise(self.expand(x))
        if self.temporal is not None:
            y = self.temporal(y, frames)
        y = self.project(y)
        if not self.is_residual:
            return y  # type: ignore[no-any-return]
        if self.training and self.drop > 0:
            kept = draw_kept(y, len(y) // frames, self.drop)
            y = y * kept.repeat_interleave(frames).view(-1, 1, 1, 1)
        return x + y  # type: ignore[no-any-return]


class EfficientNetLite(nn.Module):
    """The network: float frames (B, 3, H, W) in 0..1 -> logits (B, num_classes). Any H and W will do.

    In training only, `dropout` acts on the pooled features, and `stochastic_depth` is the share of clips for which the
    last block adds nothing to its input; earlier blocks have less of it, the first none.
    """

    def __init__(self, variant: Variant, num_classes: int, dropout: float = 0.0, stochastic_depth: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        specs = list(block_specs(variant))
        drops = [stochastic_depth * number / (len(specs) - 1) for number in range(len(specs))]
        self.stem = ConvNorm(SameConv2d(3, STEM, 3, stride=2))
        self.blocks = nn.ModuleList(MBConv(spec, drop) for spec, drop in zip(specs, drops, strict=True))
        self.top = ConvNorm(SameConv2d(specs[-1].out_channels, TOP, 1))
        self.head = nn.Linear(TOP, num_classes)
        nn.init.normal_(self.head.weight, 0, 0.01)
        nn.init.zeros_(self.head.bias)

    def features(self, x: Tensor, frames: int = 1) -> Tensor:
        """(B*T, 3, H, W) in 0..1, of clips with T = `frames` -> (B*T, 1280, h, w), a 32nd of H and W, rounded up."""
        return self.convolve(self.normalise(x), frames)

    def normalise(self, x: Tensor) -> Tensor:
        """Return frames in 0..1 as the first convolution takes them."""
        return (x * 255 - MEAN) / STD

    def convolve(self, x: Tensor, frames: int = 1, start: int = 0, stop: int = STAGES + 1) -> Tensor:
        """Return `features` of normalised frames, or of what the first `start` stages gave for them.

        With a `stop`, what the stages before it give; after the last stage comes the last convolution.
        """
        if start == 0:
            x = self.stem(x)
        for block in self.blocks:
            assert isinstance(block, MBConv)
            if start <= block.spec.stage < stop:
                x = block(x, frames)
        return self.top(x) if stop > STAGES else x

    def classify(self, features: Tensor) -> Tensor:
        """Pooled features (B, 1280) -> logits (B, num_classes)."""
        return self.head(F.dropout(features, self.dropout, self.training))  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Float (B, 3, H, W) in 0..1 -> logits (B, num_classes)."""
        x = x.contiguous(memory_format=torch.channels_last)
        return self.classify(self.features(x).mean((2, 3)))
