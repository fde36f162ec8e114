"""The video ResNets of "A Closer Look at Spatiotemporal Convolutions for Action Recognition", by one builder.

Source: https://arxiv.org/abs/1711.11248. They are made of torchvision's blocks, under torchvision's names, so that its
weights of `r3d_18`, `mc3_18` and `r2plus1d_18` load key for key. Like torchvision, R(2+1)D takes one number of
mid-planes a block, where the paper takes one a convolution.

The paper's groups of layers are the stem (1) and `layer1` to `layer4` (2 to 5). What a kind says of each:

    r3d             3-D in all
    r2plus1d        (2+1)-D in all
    mcX             3-D, and 2-D from group X on
    rmcX            2-D, and 3-D from group X on
    fr2d            2-D in all: frame by frame, averaged at the end
    r2d             2-D in all, on the frames of a clip stacked as channels
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, Conv3DNoTemporal, Conv3DSimple

from videoxception.nets.width import scaled

_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}  # of each group
_PLANES = (64, 128, 256, 512)
_STEM_MIDPLANES = 45  # of R(2+1)D's stem, in the authors' code and in torchvision; the formula would give 83
_GROUPS = 5

ConvBuilder = Callable[..., nn.Module]


def convolutions(kind: str) -> list[ConvBuilder]:
    """Return the convolution of each of the five groups. Raises `ValueError` for an unknown kind."""
    if kind in ("r3d", "r2plus1d", "r2d", "fr2d"):
        one = {"r3d": Conv3DSimple, "r2plus1d": Conv2Plus1D}.get(kind, Conv3DNoTemporal)
        return [one] * _GROUPS
    order, change = kind[:-1], int(kind[-1])
    first, then = {"mc": (Conv3DSimple, Conv3DNoTemporal), "rmc": (Conv3DNoTemporal, Conv3DSimple)}[order]
    return [first if group < change else then for group in range(1, _GROUPS + 1)]


class VideoResNet(nn.Module):
    """The network: float clips (B, 3, T, H, W) -> logits (B, num_classes).

    With `stacked` frames, T must be that number, and time ends with the first convolution; else T, H and W are free.
    """

    def __init__(
        self, num_classes: int, kind: str, depth: int, dropout: float = 0.0, width: float = 1.0, stacked: int = 0
    ) -> None:
        super().__init__()
        self.dropout, self.stacked = dropout, stacked
        planes = [scaled(each, width) for each in _PLANES]
        stem, *groups = convolutions(kind)
        self.stem = _stem(stem, 3 * max(stacked, 1), planes[0], scaled(_STEM_MIDPLANES, width))
        inputs = [planes[0], *planes]
        for number, (conv, blocks) in enumerate(zip(groups, _BLOCKS[depth], strict=True)):
            layer = _layer(conv, inputs[number], planes[number], blocks, 1 if number == 0 else 2)
            self.add_module(f"layer{number + 1}", layer)
        self.avgpool = nn.AdaptiveAvgPool3d(1)
        self.fc = nn.Linear(planes[-1], num_classes)
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes) of float clips (B, 3, T, H, W)."""
        if self.stacked:
            x = x.transpose(1, 2).flatten(1, 2).unsqueeze(2)  # (B, T * 3, 1, H, W)
        x = self.stem(x)
        for number in range(1, _GROUPS):
            x = self.get_submodule(f"layer{number}")(x)
        return self.fc(F.dropout(self.avgpool(x).flatten(1), self.dropout, self.training))  # type: ignore[no-any-return]


def _stem(conv: ConvBuilder, channels: int, planes: int, midplanes: int) -> nn.Sequential:
    """Return the first convolution, which halves H and W: 3 x 7 x 7, 1 x 7 x 7, or first over space, then over time."""
    time = 3 if conv is Conv3DSimple else 1
    out = midplanes if conv is Conv2Plus1D else planes
    first = nn.Conv3d(channels, out, (time, 7, 7), stride=(1, 2, 2), padding=(time // 2, 3, 3), bias=False)
    layers = [first, nn.BatchNorm3d(out), nn.ReLU(inplace=True)]
    if conv is Conv2Plus1D:
        over_time = nn.Conv3d(midplanes, planes, (3, 1, 1), padding=(1, 0, 0), bias=False)
        layers += [over_time, nn.BatchNorm3d(planes), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _layer(conv: ConvBuilder, inputs: int, planes: int, blocks: int, stride: int) -> nn.Sequential:
    """Return a group of residual blocks, of which the first may have a stride."""
    shortcut = None
    if stride != 1:
        strides = conv.get_downsample_stride(stride)  # type: ignore[attr-defined]
        shortcut = nn.Sequential(nn.Conv3d(inputs, planes, 1, stride=strides, bias=False), nn.BatchNorm3d(planes))
    first = BasicBlock(inputs, planes, conv, stride, shortcut)
    return nn.Sequential(first, *(BasicBlock(planes, planes, conv) for _ in range(blocks - 1)))


@torch.no_grad()
def _initialise(module: nn.Module) -> None:
    """Initialise as torchvision does."""
    if isinstance(module, nn.Conv3d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0, 0.01)
        nn.init.zeros_(module.bias)


def video_resnet(
    num_classes: int, kind: str, depth: int, dropout: float = 0.0, width: float = 1.0, frames: int = 16
) -> VideoResNet:
    """Create a video ResNet of a kind and a depth; `frames` is what R2D stacks, and other kinds take any number."""
    return VideoResNet(num_classes, kind, depth, dropout, width, stacked=frames if kind == "r2d" else 0)
