"""ECO, "Efficient Convolutional Network for Online Video Understanding": a 2-D network of frames, then a 3-D one.

Source: https://arxiv.org/abs/1804.09066. Each frame goes through the beginning of BN-Inception (`bn_inception.py`);
what it makes of 16 frames, 96 x 16 x 28 x 28, goes through the later half of a 3-D ResNet-18 (`Eco3d`). ECO-Lite
classifies that alone; ECO-Full beside it the rest of BN-Inception, averaged over the frames.

It takes bytes of the colours blue, green, red, less 104, 117 and 123: `registry.py`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.bn_inception import Eco2d, InceptionTail
from videoxception.nets.caffe import NamedLayers
from videoxception.nets.width import scaled


class Res3(NamedLayers):
    """A 3 x 3 x 3 convolution, and a residual block of two."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.add_conv3d("res3a_2", inputs, outputs)
        self.add_conv3d("res3b_1", outputs, outputs)
        self.add_conv3d("res3b_2", outputs, outputs)
        for name in ("res3a", "res3b_1", "res3b"):
            self.add_norm3d(name, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) -> (B, outputs, T, H, W)."""
        x = self.conv("res3a_2", x)
        y = self.norm_relu("res3b_1", self.conv("res3b_1", self.norm_relu("res3a", x)))
        return self.norm_relu("res3b", x + self.conv("res3b_2", y))


class ResStage(NamedLayers):
    """Two residual blocks, of which the first halves T, H and W; `name` is res4 or res5."""

    def __init__(self, name: str, inputs: int, outputs: int) -> None:
        super().__init__()
        self.name = name
        self.add_conv3d(f"{name}a_1", inputs, outputs, 2)
        self.add_conv3d(f"{name}a_2", outputs, outputs)
        self.add_conv3d(f"{name}a_down", inputs, outputs, 2)
        self.add_conv3d(f"{name}b_1", outputs, outputs)
        self.add_conv3d(f"{name}b_2", outputs, outputs)
        for layer in ("a_1", "a", "b_1", "b"):
            self.add_norm3d(f"{name}{layer}", outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, T, H, W) -> (B, outputs, T / 2, H / 2, W / 2), rounded up."""
        y = self.norm_relu(f"{self.name}a_1", self.conv(f"{self.name}a_1", x))
        x = self.conv(f"{self.name}a_2", y) + self.conv(f"{self.name}a_down", x)
        y = self.conv(f"{self.name}b_1", self.norm_relu(f"{self.name}a", x))
        return self.norm_relu(f"{self.name}b", x + self.conv(f"{self.name}b_2", self.norm_relu(f"{self.name}b_1", y)))


class Eco3d(nn.Module):
    """(B, 96, T, H, W) -> pooled features (B, 512)."""

    def __init__(self, inputs: int, width: float = 1.0) -> None:
        super().__init__()
        first, second, third = (scaled(each, width) for each in (128, 256, 512))
        self.res_3d_3 = Res3(inputs, first)
        self.res_3d_4 = ResStage("res4", first, second)
        self.res_3d_5 = ResStage("res5", second, third)
        self.channels = third

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean over all places and times."""
        return self.res_3d_5(self.res_3d_4(self.res_3d_3(x))).mean((2, 3, 4))  # type: ignore[no-any-return]


class Eco(nn.Module):
    """The network: float clips (B, 3, T, H, W) -> logits (B, num_classes). T, H and W are free."""

    def __init__(self, num_classes: int, full: bool, dropout: float = 0.0, width: float = 1.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.eco_2d = Eco2d(width)
        self.eco_3d = Eco3d(self.eco_2d.outputs, width)
        self.eco_tail = InceptionTail(self.eco_2d.channels, width) if full else None
        channels = self.eco_3d.channels + (self.eco_tail.channels if self.eco_tail else 0)
        self.fc_final = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes) of float clips (B, 3, T, H, W)."""
        frames = x.shape[2]
        whole, seen = self.eco_2d(x.transpose(1, 2).flatten(0, 1))  # (B * T, 320 and 96, H / 8, W / 8)
        features = self.eco_3d(seen.unflatten(0, (-1, frames)).transpose(1, 2))
        if self.eco_tail is not None:
            flat = self.eco_tail(whole, seen).unflatten(0, (-1, frames)).mean(1)
            features = torch.cat([flat, features], 1)
        return self.fc_final(F.dropout(features, self.dropout, self.training))  # type: ignore[no-any-return]


def eco(num_classes: int, full: bool, dropout: float = 0.0, width: float = 1.0) -> Eco:
    """Create ECO-Lite, or ECO-Full."""
    return Eco(num_classes, full, dropout, width)
