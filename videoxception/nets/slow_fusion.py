"""Slow Fusion: a network of frames whose first three convolutions reach further and further over time.

Source: Karpathy et al., "Large-scale Video Classification with Convolutional Neural Networks", CVPR 2014, section 3.1:
C(96, 11, 3)-N-P-C(256, 5, 1)-N-P-C(384, 3, 1)-C(384, 3, 1)-C(256, 3, 1)-P-FC(4096)-FC(4096) on frames of 170 pixels; of
10 frames, the first convolution spans 4 at a stride of 2, the second and the third 2 at a stride of 2. N is a batch
norm behind each convolution here, and local response normalisation in the paper, which does not train from scratch at
small sizes.
"""

from torch import Tensor, nn

from videoxception.nets.wide_head import WideHead
from videoxception.nets.width import scaled

# (channels, kernel over space, its stride, kernel over time, its stride, whether pooling follows)
_LAYERS = (
    (96, 11, 3, 4, 2, True),
    (256, 5, 1, 2, 2, True),
    (384, 3, 1, 2, 2, False),
    (384, 3, 1, 1, 1, False),
    (256, 3, 1, 1, 1, True),
)
_WIDE = (4096, 4096)
_POOLED = (1, 6, 6)  # of frames of 170 pixels
FRAMES = 10


class SlowFusion(nn.Module):
    """The network: float clips (B, 3, T, H, W), T at least 10 -> logits (B, num_classes); made for 10 x 170 x 170."""

    def __init__(self, num_classes: int, dropout: float = 0.5, width: float = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for full, kernel, stride, over_time, time_stride, pooled in _LAYERS:
            size, padding = scaled(full, width), 0 if channels == 3 else kernel // 2
            kernels, strides = (over_time, kernel, kernel), (time_stride, stride, stride)
            conv = nn.Conv3d(channels, size, kernels, strides, (0, padding, padding), bias=False)
            layers += [conv, nn.BatchNorm3d(size), nn.ReLU(True)]
            layers += [nn.MaxPool3d((1, 2, 2))] if pooled else []
            channels = size
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool3d(_POOLED)
        self.head = WideHead(channels * _POOLED[1] * _POOLED[2], _WIDE, num_classes, dropout, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes) of float clips (B, 3, T, H, W)."""
        return self.head(self.pool(self.features(x)).flatten(1))  # type: ignore[no-any-return]


def slow_fusion(num_classes: int, dropout: float = 0.5, width: float = 1.0, frames: int = FRAMES) -> SlowFusion:
    """Create Slow Fusion for clips of at least 10 frames. Raises `ValueError` for fewer."""
    if frames < FRAMES:
        raise ValueError(f"slow_fusion spans {FRAMES} frames, but clips have {frames}")
    return SlowFusion(num_classes, dropout, width)
