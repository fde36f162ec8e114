"""The three layers that networks of AlexNet's kind end with."""

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.width import scaled


class WideHead(nn.Module):
    """Features (N, inputs) -> logits (N, num_classes), by two wide layers with ReLU and dropout, and a last one."""

    def __init__(self, inputs: int, wide: tuple[int, int], num_classes: int, dropout: float, width: float) -> None:
        super().__init__()
        self.dropout = dropout
        six, seven = (scaled(each, width) for each in wide)
        self.fc6 = nn.Linear(inputs, six)
        self.fc7 = nn.Linear(six, seven)
        self.fc8 = nn.Linear(seven, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, num_classes)."""
        for layer in (self.fc6, self.fc7):
            x = F.dropout(F.relu(layer(x)), self.dropout, self.training)
        return cast(Tensor, self.fc8(x))
