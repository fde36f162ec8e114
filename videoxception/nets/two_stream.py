"""Two streams, one that sees a frame and one that sees optical flow: "Two-Stream Convolutional Networks".

Source: https://arxiv.org/abs/1406.2199. Both streams are CNN-M-2048 (https://arxiv.org/abs/1405.3531); the flow of L
pairs of frames is stacked as 2L channels, less its mean over the frame, which is mostly the camera's motion. The two
class scores are averaged. Here the flow is computed inside the network (`optical_flow.py`), so that a served graph
takes frames like any other; batch norms stand where the paper has local response normalisation.
"""

from torch import Tensor, nn

from videoxception.nets.optical_flow import optical_flow
from videoxception.nets.wide_head import WideHead
from videoxception.nets.width import scaled

# CNN-M-2048: (channels, kernel, stride, whether pooling follows), then two wide layers.
_LAYERS = ((96, 7, 2, True), (256, 5, 2, True), (512, 3, 1, False), (512, 3, 1, False), (512, 3, 1, True))
_WIDE = (4096, 2048)
_POOLED = 6  # of frames of 224 pixels
_FLOW_UNIT = 4.0  # pixels of flow that become 1


class CnnM(nn.Module):
    """CNN-M-2048: float (N, channels, H, W) -> logits (N, num_classes); made for 224 x 224 pixels."""

    def __init__(self, channels: int, num_classes: int, dropout: float = 0.5, width: float = 1.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for full, kernel, stride, pooled in _LAYERS:
            size = scaled(full, width)
            layers += [nn.Conv2d(channels, size, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(size)]
            layers += [nn.ReLU(True), *([nn.MaxPool2d(3, 2, 1)] if pooled else [])]
            channels = size
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(_POOLED)
        self.head = WideHead(channels * _POOLED**2, _WIDE, num_classes, dropout, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, num_classes)."""
        return self.head(self.pool(self.features(x)).flatten(1))  # type: ignore[no-any-return]


class TwoStream(nn.Module):
    """The network: float clips (B, 3, T, H, W) -> logits (B, num_classes), where T is the number of `frames`."""

    def __init__(self, num_classes: int, dropout: float = 0.5, width: float = 1.0, frames: int = 11) -> None:
        super().__init__()
        self.spatial = CnnM(3, num_classes, dropout, width)
        self.temporal = CnnM(2 * (frames - 1), num_classes, dropout, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the mean of both streams' logits (B, num_classes); the spatial one sees the middle frame."""
        return (self.spatial(x[:, :, x.shape[2] // 2]) + self.temporal(stacked_flow(x))) / 2  # type: ignore[no-any-return]


def stacked_flow(clips: Tensor) -> Tensor:
    """Return the flow between the neighbouring frames of clips (B, 3, T, H, W): (B, 2 (T - 1), H, W).

    Of each pair to the right, then down; less the mean over the frame, in units of four pixels.
    """
    grey = clips.detach().mean(1)  # (B, T, H, W)
    first, second = grey[:, :-1].flatten(0, 1), grey[:, 1:].flatten(0, 1)
    flow = optical_flow(first.unsqueeze(1), second.unsqueeze(1))
    flow = (flow - flow.mean((2, 3), keepdim=True)) / _FLOW_UNIT
    return flow.view(clips.shape[0], -1, *flow.shape[2:])


def two_stream(num_classes: int, dropout: float = 0.5, width: float = 1.0, frames: int = 11) -> TwoStream:
    """Create the two streams for clips of a number of frames."""
    return TwoStream(num_classes, dropout, width, frames)
