"""VideoXception: a small 3-D CNN of separable convolutions, types A and B.

Source: the team's entry to the video classification contest of the course "Deep Learning" (2023) at Rikkyo University,
whose README prints both networks layer by layer; the tests compare every printed row. It joins R(2+1)D's split of space
and time (https://arxiv.org/abs/1711.11248) with Xception's depthwise convolutions (https://arxiv.org/abs/1610.02357).

Type A has 360,850 parameters. Type B has 4,164,498; the source prints 4,172,706 because it always builds both types'
heads, and A's unused 512 -> 16 layer holds the other 8,208.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class CTSeparableConv3D(nn.Sequential):
    """A convolution split three ways: over space and over time, each channel by itself, then across channels."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        k, half = kernel_size, kernel_size // 2
        super().__init__(
            nn.Conv3d(in_channels, in_channels, (1, k, k), padding=(0, half, half), groups=in_channels, bias=False),
            nn.BatchNorm3d(in_channels),
            nn.ReLU(inplace=True),
            nn.Conv3d(in_channels, in_channels, (k, 1, 1), padding=(half, 0, 0), groups=in_channels, bias=False),
            nn.BatchNorm3d(in_channels),
            nn.ReLU(inplace=True),
            nn.Conv3d(in_channels, out_channels, 1, bias=False),
        )

    @property
    def spatial(self) -> nn.Conv3d:
        """The depthwise 1 x k x k convolution."""
        return cast(nn.Conv3d, self[0])

    @property
    def spatial_norm(self) -> nn.BatchNorm3d:
        """The batch norm after the spatial convolution."""
        return cast(nn.BatchNorm3d, self[1])

    @property
    def temporal(self) -> nn.Conv3d:
        """The depthwise k x 1 x 1 convolution."""
        return cast(nn.Conv3d, self[3])

    @property
    def temporal_norm(self) -> nn.BatchNorm3d:
        """The batch norm after the temporal convolution."""
        return cast(nn.BatchNorm3d, self[4])

    @property
    def pointwise(self) -> nn.Conv3d:
        """The 1 x 1 x 1 convolution across channels."""
        return cast(nn.Conv3d, self[6])


class ResidualBlock(nn.Module):
    """ReLU of a separable convolution plus a 1x1x1 shortcut.

    In training, the separable convolution is left out for a share `drop` of the clips: stochastic depth
    (https://arxiv.org/abs/1603.09382).
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, drop: float = 0.0) -> None:
        super().__init__()
        self.drop = drop
        self.separable = CTSeparableConv3D(in_channels, out_channels, kernel_size)
        self.shortcut = nn.Conv3d(in_channels, out_channels, 1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output: (B, in_channels, T, H, W) -> (B, out_channels, T, H, W)."""
        y = self.separable(x)
        if self.training and self.drop > 0:
            y = y * draw_kept(y, len(y), self.drop).view(-1, 1, 1, 1, 1)
        return self.relu(y + self.shortcut(x))  # type: ignore[no-any-return]


def draw_kept(like: Tensor, clips: int, drop: float) -> Tensor:
    """Draw a factor for each clip, (clips,): 0 with probability `drop`, else 1 / (1 - drop), so that the mean is 1."""
    return like.new_empty(clips).bernoulli_(1 - drop).div_(1 - drop)


class VideoXception(nn.Module):
    """The network: float clips (B, 3, T, H, W) in 0..1 -> logits (B, num_classes). T, H and W are free.

    Pooling halves H and W between blocks and leaves T alone. In training only, `dropout` acts on the pooled features,
    and `stochastic_depth` is the share of clips for which the last block's separable convolution is left out; earlier
    blocks have less of it, the first none.
    """

    def __init__(
        self,
        num_classes: int,
        widths: Sequence[int],
        kernel_sizes: Sequence[int],
        dropout: float = 0.0,
        stochastic_depth: float = 0.0,
    ) -> None:
        super().__init__()
        if len(widths) != len(kernel_sizes) or not widths:
            raise ValueError(f"one kernel size a width is needed, but got {len(widths)} and {len(kernel_sizes)}")
        if any(k % 2 == 0 for k in kernel_sizes):
            raise ValueError(f"kernel sizes must be odd to keep T, H and W, but got {tuple(kernel_sizes)}")
        self.dropout = dropout
        self.norm = nn.BatchNorm3d(3)
        self.stem = nn.Conv3d(3, 3, 1)
        channels = [3, *widths]
        layers: list[nn.Module] = []
        for i, kernel_size in enumerate(kernel_sizes):
            if i > 0:
                layers.append(nn.MaxPool3d((1, 2, 2)))
            drop = stochastic_depth * i / max(len(widths) - 1, 1)
            layers.append(ResidualBlock(channels[i], channels[i + 1], kernel_size, drop))
        self.blocks = nn.ModuleList(layers)
        self.pool = nn.AdaptiveAvgPool3d(1)
        self.head = nn.Linear(channels[-1], num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes) of float clips (B, 3, T, H, W)."""
        x = self.stem(self.norm(x))
        for block in self.blocks:
            x = block(x)
        x = torch.flatten(self.pool(x), 1)  # (B, C)
        return self.head(F.dropout(x, self.dropout, self.training))  # type: ignore[no-any-return]


def videoxception_a(num_classes: int, dropout: float = 0.0, stochastic_depth: float = 0.0) -> VideoXception:
    """Create type A: four blocks, 3x3 and 3x1x1 kernels throughout."""
    return VideoXception(num_classes, (64, 128, 256, 512), (3, 3, 3, 3), dropout, stochastic_depth)


def videoxception_b(num_classes: int, dropout: float = 0.0, stochastic_depth: float = 0.0) -> VideoXception:
    """Create type B: type A's four blocks and three wider ones with kernels of 7."""
    widths, kernel_sizes = (64, 128, 256, 512, 512, 1024, 1024), (3, 3, 3, 3, 7, 7, 7)
    return VideoXception(num_classes, widths, kernel_sizes, dropout, stochastic_depth)
