"""A network of frames and five LSTM layers: "Beyond Short Snippets: Deep Networks for Video Classification".

Source: https://arxiv.org/abs/1503.08909: GoogLeNet's pooled features of each frame go through five layers of 512 cells,
and a softmax layer predicts at every frame. The clip's logits are the mean of its frames'.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.googlenet import GoogLeNet
from videoxception.nets.width import scaled

_CELLS, _LAYERS = 512, 5


class CnnLstm(GoogLeNet):
    """The network: float clips (B, 3, T, H, W) -> logits (B, num_classes). T, H and W are free."""

    def __init__(self, num_classes: int, dropout: float = 0.5, width: float = 1.0, layers: int = _LAYERS) -> None:
        super().__init__(inflated=False, width=width)
        self.dropout = dropout
        cells = scaled(_CELLS, width)
        self.lstm = nn.LSTM(self.channels, cells, layers, batch_first=True)
        self.fc = nn.Linear(cells, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        states, _ = self.lstm(self.features(x))  # (B, T, cells)
        return self.fc(F.dropout(states, self.dropout, self.training)).mean(1)  # type: ignore[no-any-return]


def cnn_lstm(num_classes: int, dropout: float = 0.5, width: float = 1.0, layers: int = _LAYERS) -> CnnLstm:
    """Create the network of frames with LSTM layers."""
    return CnnLstm(num_classes, dropout, width, layers)
