"""Layers that share their weights with their neighbour, by MiniViT's weight multiplexing: Mini-ViViT (`vivit.py`).

Source: https://arxiv.org/abs/2204.07154. Two layers share the matrices of attention and MLP. Each has its own layer
norms and its own small transformations: of the attention's heads before and after the softmax, and of the MLP's input,
a convolution of each channel over the tokens' places. They begin as the identity. The paper trains such a network by
distillation from the one with weights of its own (--teacher).
"""

import torch
from torch import Tensor, nn

from videoxception.nets.transformer import EPSILON, Attention, Mlp, Size

_SHARED = 2  # layers that share weights
_KERNEL = 7  # of the convolution over the tokens' places


class SharedWeights(nn.Module):
    """What some layers have in common."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.attn = Attention(channels, heads)
        self.mlp = Mlp(channels, 4 * channels)


class HeadMix(nn.Module):
    """Attention maps as mixtures of the heads' maps: (B, heads, N, N) -> the same."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(heads))

    def forward(self, maps: Tensor) -> Tensor:
        """Return the mixtures."""
        return torch.einsum("gh,bhnm->bgnm", self.weight, maps)


class PlaceConv(nn.Conv2d):
    """A convolution of each channel over a grid of tokens, the class token left as it is: (B, 1 + N, D) -> the same."""

    def __init__(self, channels: int, grid: tuple[int, int]) -> None:
        high, wide = (min(_KERNEL, 2 * length - 1) for length in grid)  # no taps beyond the grid
        super().__init__(channels, channels, (high, wide), padding=(high // 2, wide // 2), groups=channels)
        self.grid = grid
        nn.init.dirac_(self.weight, channels)
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens."""
        places = super().forward(x[:, 1:].transpose(1, 2).reshape(x.shape[0], -1, *self.grid))
        return torch.cat([x[:, :1], places.flatten(2).transpose(1, 2)], 1)


class OwnParts(nn.Module):
    """What each of the layers has for itself: norms and transformations."""

    def __init__(self, size: Size, grid: tuple[int, int], dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.norm1, self.norm2 = nn.LayerNorm(size.channels, EPSILON), nn.LayerNorm(size.channels, EPSILON)
        self.before, self.after = HeadMix(size.heads), HeadMix(size.heads)
        self.places = PlaceConv(size.channels, grid)

    def forward(self, x: Tensor, shared: SharedWeights) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        x = x + self.dropout(self._attention(self.norm1(x), shared.attn))
        return x + self.dropout(shared.mlp(self.places(self.norm2(x))))  # type: ignore[no-any-return]

    def _attention(self, x: Tensor, attn: Attention) -> Tensor:
        q, k, v = attn.split(x)
        maps = self.before(q @ k.transpose(2, 3) * q.shape[3] ** -0.5)
        return attn.join(self.after(maps.softmax(3)) @ v)


class MultiplexedLayers(nn.Module):
    """Layers one after the other that share their weights."""

    def __init__(self, size: Size, layers: int, grid: tuple[int, int], dropout: float) -> None:
        super().__init__()
        self.shared = SharedWeights(size.channels, size.heads)
        self.layers = nn.ModuleList(OwnParts(size, grid, dropout) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        for layer in self.layers:
            x = layer(x, self.shared)
        return x


def multiplexed_blocks(size: Size, layers: int, grid: tuple[int, int], dropout: float) -> nn.ModuleList:
    """Return layers of which each two neighbours share their weights, for tokens in rows and columns."""
    starts = range(0, layers, _SHARED)
    return nn.ModuleList(MultiplexedLayers(size, min(_SHARED, layers - i), grid, dropout) for i in starts)
