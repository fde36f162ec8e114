"""I3D: GoogLeNet inflated to three dimensions, "Quo Vadis, Action Recognition?".

Source: https://arxiv.org/abs/1705.07750; the network is in `googlenet.py`. This is the RGB stream. ImageNet weights of
GoogLeNet fill it as the paper says: each kernel is repeated over time and divided by its length.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.googlenet import GoogLeNet


class I3d(GoogLeNet):
    """The network: float clips (B, 3, T, H, W) -> logits (B, num_classes).

    They are the mean of the logits of T / 8 moments.
    """

    def __init__(self, num_classes: int, dropout: float = 0.5, width: float = 1.0) -> None:
        super().__init__(inflated=True, width=width)
        self.dropout = dropout
        self.fc = nn.Linear(self.channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        features = F.dropout(self.features(x), self.dropout, self.training)
        return self.fc(features).mean(1)  # type: ignore[no-any-return]


def i3d(num_classes: int, dropout: float = 0.5, width: float = 1.0) -> I3d:
    """Create I3D."""
    return I3d(num_classes, dropout, width)
