"""GoogLeNet over frames or, inflated, over clips; with torchvision's names, so that its ImageNet weights fit both.

Source: https://arxiv.org/abs/1409.4842, and https://arxiv.org/abs/1705.07750 for the inflated one (I3D): every square
kernel becomes a cube, the first two poolings leave time alone. Both have batch norms, and 3 x 3 kernels where the first
paper has 5 x 5, as torchvision and I3D do.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.width import scaled

# Channels of each block: 1 x 1; the two of the 3 x 3 branch; the two of the second 3 x 3 branch; behind the pooling.
_BLOCKS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
_POOLED_BEFORE = {"4a": 3, "5a": 2}  # blocks behind a pooling with a stride of 2, and its window


class ConvNorm(nn.Module):
    """A convolution that keeps its input's size but for its stride, a batch norm, and ReLU; over T x H x W."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, inflated: bool = False) -> None:
        super().__init__()
        kernel = (size if inflated else 1, size, size)
        strides = (stride if inflated else 1, stride, stride)
        self.conv = nn.Conv3d(inputs, outputs, kernel, strides, (kernel[0] // 2, size // 2, size // 2), bias=False)
        self.bn = nn.BatchNorm3d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) -> (B, outputs, T', H', W')."""
        return F.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    """Four branches side by side."""

    def __init__(self, inputs: int, channels: tuple[int, ...], inflated: bool) -> None:
        super().__init__()
        one, reduce3, three, reduce5, five, pooled = channels
        self.branch1 = ConvNorm(inputs, one, 1)
        self.branch2 = nn.Sequential(ConvNorm(inputs, reduce3, 1), ConvNorm(reduce3, three, 3, inflated=inflated))
        self.branch3 = nn.Sequential(ConvNorm(inputs, reduce5, 1), ConvNorm(reduce5, five, 3, inflated=inflated))
        self.branch4 = nn.Sequential(_max_pool(3, 1, inflated), ConvNorm(inputs, pooled, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) -> (B, the branches' channels, T, H, W)."""
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


def _max_pool(size: int, stride: int, over_time: bool) -> nn.MaxPool3d:
    """Return a pooling that divides each dimension by its stride, rounded up; of time only if it is `over_time`.

    With a stride, windows reach beyond the end alone, as torchvision's do.
    """
    window, strides = (size if over_time else 1, size, size), (stride if over_time else 1, stride, stride)
    padding = tuple(each // 2 if stride == 1 else 0 for each in window)
    return nn.MaxPool3d(window, strides, padding, ceil_mode=True)


class GoogLeNet(nn.Module):
    """The network without a head: `features` of float clips (B, 3, T, H, W), (B, T', C).

    T' is T, or where it is inflated an eighth of it, rounded up. C is `channels`, 1024 times the width.
    """

    def __init__(self, inflated: bool, width: float = 1.0) -> None:
        super().__init__()
        narrow, wide = scaled(64, width), scaled(192, width)
        self.conv1 = ConvNorm(3, narrow, 7, 2, inflated)
        self.maxpool1 = _max_pool(3, 2, over_time=False)
        self.conv2 = ConvNorm(narrow, narrow, 1)
        self.conv3 = ConvNorm(narrow, wide, 3, inflated=inflated)
        self.maxpool2 = _max_pool(3, 2, over_time=False)
        channels = wide
        for name, full in _BLOCKS.items():
            if name in _POOLED_BEFORE:
                self.add_module(f"maxpool{int(name[0]) - 1}", _max_pool(_POOLED_BEFORE[name], 2, inflated))
            sizes = tuple(scaled(each, width) for each in full)
            self.add_module(f"inception{name}", Inception(channels, sizes, inflated))
            channels = sizes[0] + sizes[2] + sizes[4] + sizes[5]
        self.channels = channels
        self._layers = [name for name, _ in self.named_children()]  # in order, without the head of a subclass

    def features(self, x: Tensor) -> Tensor:
        """Return the features (B, T', C) of each moment, averaged over space."""
        for name in self._layers:
            x = self.get_submodule(name)(x)
        return x.mean((3, 4)).transpose(1, 2)
