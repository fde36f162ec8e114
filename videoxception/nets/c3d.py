"""C3D: eight 3 x 3 x 3 convolutions and two wide layers, "Learning Spatiotemporal Features with 3D Convolutional
Networks".

Source: https://arxiv.org/abs/1412.0767, as the paper's figure 3 has it; the first pooling leaves time alone. Like most
later implementations it has batch norms, without which it does not train from scratch at small sizes.
"""

from torch import Tensor, nn

from videoxception.nets.wide_head import WideHead
from videoxception.nets.width import scaled

# Channels of the convolutions between two poolings.
_GROUPS = ((64,), (128,), (256, 256), (512, 512), (512, 512))
_WIDE = (4096, 4096)
_POOLED = (1, 4, 4)  # of 16 frames of 112 pixels


class C3d(nn.Module):
    """The network: float clips (B, 3, T, H, W) -> logits (B, num_classes); made for 16 x 112 x 112."""

    def __init__(self, num_classes: int, dropout: float = 0.5, width: float = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for group, sizes in enumerate(_GROUPS):
            for size in (scaled(each, width) for each in sizes):
                layers += [nn.Conv3d(channels, size, 3, padding=1, bias=False), nn.BatchNorm3d(size), nn.ReLU(True)]
                channels = size
            window = (1, 2, 2) if group == 0 else (2, 2, 2)
            layers.append(nn.MaxPool3d(window, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool3d(_POOLED)
        self.head = WideHead(channels * _POOLED[1] * _POOLED[2], _WIDE, num_classes, dropout, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes) of float clips (B, 3, T, H, W)."""
        return self.head(self.pool(self.features(x)).flatten(1))  # type: ignore[no-any-return]


def c3d(num_classes: int, dropout: float = 0.5, width: float = 1.0) -> C3d:
    """Create C3D."""
    return C3d(num_classes, dropout, width)
