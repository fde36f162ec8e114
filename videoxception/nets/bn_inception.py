"""BN-Inception, the 2-D network of ECO, with the layer names of its Caffe model.

Source: https://arxiv.org/abs/1502.03167. `Eco2d` is its beginning, up to the first 3 x 3 convolution of the double
branch of block 3c: a frame of 3 x 224 x 224 -> 96 x 28 x 28. `InceptionTail` is all that follows, for ECO-Full.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.caffe import NamedLayers
from videoxception.nets.width import scaled


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """Channels of an Inception block's branches: each 3 x 3 one with that of the 1 x 1 convolution before it.

    `single` is 0 where there is no 1 x 1 branch, and `projection` where the pooled input goes on as it is: both in
    blocks with a stride of 2.
    """

    name: str
    single: int
    three: tuple[int, int]
    double: tuple[int, int]
    projection: int
    average: bool = True

    @property
    def stride(self) -> int:
        """2 in blocks that halve height and width."""
        return 1 if self.single else 2

    def outputs(self, inputs: int) -> int:
        """Return the channels of all branches side by side."""
        return self.single + self.three[1] + self.double[1] + (self.projection or inputs)

    def scaled(self, width: float) -> "BlockSpec":
        """Return the block with that share of the channels."""
        three, double = ((scaled(a, width), scaled(b, width)) for a, b in (self.three, self.double))
        single, projection = scaled(self.single, width), scaled(self.projection, width)
        return BlockSpec(self.name, single, three, double, projection, self.average)


BLOCK_3A = BlockSpec("inception_3a", 64, (64, 64), (64, 96), 32)
BLOCK_3B = BlockSpec("inception_3b", 64, (64, 96), (64, 96), 64)
BLOCK_3C = BlockSpec("inception_3c", 0, (128, 160), (64, 96), 0, average=False)
LATER = (
    BlockSpec("inception_4a", 224, (64, 96), (96, 128), 128),
    BlockSpec("inception_4b", 192, (96, 128), (96, 128), 128),
    BlockSpec("inception_4c", 160, (128, 160), (128, 160), 128),
    BlockSpec("inception_4d", 96, (128, 192), (160, 192), 128),
    BlockSpec("inception_4e", 0, (128, 192), (192, 256), 0, average=False),
    BlockSpec("inception_5a", 352, (192, 320), (160, 224), 128),
    BlockSpec("inception_5b", 352, (192, 320), (192, 224), 128, average=False),
)


def _max_pool(x: Tensor) -> Tensor:
    """Halve height and width, rounded up as the strided convolutions beside it do; x is at least 0, from a ReLU."""
    height, width = x.shape[2:]
    return F.max_pool2d(F.pad(x, (0, width % 2, 0, height % 2)), 3, 2, ceil_mode=True)


class BasicConv(NamedLayers):
    """Frames (N, 3, H, W) -> (N, 192, H / 8, W / 8)."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        narrow, wide = scaled(64, width), scaled(192, width)
        self.add_conv2d("conv1_7x7_s2", 3, narrow, 7, 2)
        self.add_conv2d("conv2_3x3_reduce", narrow, narrow, 1)
        self.add_conv2d("conv2_3x3", narrow, wide, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features of frames."""
        x = _max_pool(self.layer("conv1_7x7_s2", x))
        return _max_pool(self.layer("conv2_3x3", self.layer("conv2_3x3_reduce", x)))


class Inception(NamedLayers):
    """A block: a 1 x 1 convolution, a 3 x 3, two 3 x 3, and a pooling with a 1 x 1, side by side."""

    def __init__(self, inputs: int, spec: BlockSpec) -> None:
        super().__init__()
        self.spec, name = spec, spec.name
        if spec.single:
            self.add_conv2d(f"{name}_1x1", inputs, spec.single, 1)
            self.add_conv2d(f"{name}_pool_proj", inputs, spec.projection, 1)
        self.add_conv2d(f"{name}_3x3_reduce", inputs, spec.three[0], 1)
        self.add_conv2d(f"{name}_3x3", *spec.three, 3, spec.stride)
        self.add_conv2d(f"{name}_double_3x3_reduce", inputs, spec.double[0], 1)
        self.add_conv2d(f"{name}_double_3x3_1", spec.double[0], spec.double[1], 3)
        self.add_conv2d(f"{name}_double_3x3_2", spec.double[1], spec.double[1], 3, spec.stride)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        name = self.spec.name
        three = self.layer(f"{name}_3x3", self.layer(f"{name}_3x3_reduce", x))
        double = self.layer(f"{name}_double_3x3_1", self.layer(f"{name}_double_3x3_reduce", x))
        double = self.layer(f"{name}_double_3x3_2", double)
        if not self.spec.single:
            return torch.cat([three, double, _max_pool(x)], 1)
        pooled = F.avg_pool2d(x, 3, 1, 1) if self.spec.average else F.max_pool2d(x, 3, 1, 1)
        return torch.cat([self.layer(f"{name}_1x1", x), three, double, self.layer(f"{name}_pool_proj", pooled)], 1)


class InceptionC(NamedLayers):
    """The beginning of block 3c's double branch: (N, 320, H, W) -> (N, 96, H, W)."""

    def __init__(self, inputs: int, spec: BlockSpec) -> None:
        super().__init__()
        self.add_conv2d("inception_3c_double_3x3_reduce", inputs, spec.double[0], 1)
        self.add_conv2d("inception_3c_double_3x3_1", *spec.double, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return what goes into ECO's 3-D network."""
        return self.layer("inception_3c_double_3x3_1", self.layer("inception_3c_double_3x3_reduce", x))


class Eco2d(nn.Module):
    """Frames (N, 3, H, W) -> what blocks 3b and 3c make of them, (N, 320, H / 8, W / 8) and (N, 96, H / 8, W / 8)."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        a, b, c = (spec.scaled(width) for spec in (BLOCK_3A, BLOCK_3B, BLOCK_3C))
        channels = scaled(192, width)
        self.basic_conv = BasicConv(width)
        self.inception_a = Inception(channels, a)
        self.inception_b = Inception(a.outputs(channels), b)
        self.channels = b.outputs(a.outputs(channels))  # 320
        self.inception_c = InceptionC(self.channels, c)
        self.outputs = c.double[1]  # 96

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features of 3b, and those of 3c's first 3 x 3 convolution."""
        x = self.inception_b(self.inception_a(self.basic_conv(x)))
        return x, self.inception_c(x)


class InceptionTail(NamedLayers):
    """The rest of BN-Inception: what `Eco2d` gives -> pooled features (N, 1024)."""

    def __init__(self, inputs: int, width: float = 1.0) -> None:
        super().__init__()
        spec = BLOCK_3C.scaled(width)
        self.add_conv2d("inception_3c_3x3_reduce", inputs, spec.three[0], 1)
        self.add_conv2d("inception_3c_3x3", *spec.three, 3, 2)
        self.add_conv2d("inception_3c_double_3x3_2", spec.double[1], spec.double[1], 3, 2)
        channels, blocks = spec.outputs(inputs), []
        for later in (each.scaled(width) for each in LATER):
            blocks.append(Inception(channels, later))
            channels = later.outputs(channels)
        self.blocks = nn.Sequential(*blocks)
        self.channels = channels

    def forward(self, x: Tensor, double: Tensor) -> Tensor:
        """Take (N, 320, h, w) and (N, 96, h, w)."""
        three = self.layer("inception_3c_3x3", self.layer("inception_3c_3x3_reduce", x))
        double = self.layer("inception_3c_double_3x3_2", double)
        return self.blocks(torch.cat([three, double, _max_pool(x)], 1)).mean((2, 3))  # type: ignore[no-any-return]
