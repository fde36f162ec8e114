"""Mini-ViViT: ViViT whose neighbouring layers share their weights, by MiniViT's weight multiplexing.

Source: https://arxiv.org/abs/2204.07154. Two layers share the matrices of attention and MLP. Each has its own layer
norms and its own small transformations: of the attention's heads before and after the softmax, and of the MLP's input,
a convolution of each channel over the tokens' places. They begin as the identity. The paper trains such a network by
distillation from the one with weights of its own (--teacher).
"""

import torch
from torch import Tensor, nn

from videoxception.nets.transformer import EPSILON, Attention, Mlp
from videoxception.nets.vivit import SIZES, Encoder, Grid, Size, ViViT

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

    def __init__(self, channels: int, rows: int, columns: int) -> None:
        high, wide = (min(_KERNEL, 2 * length - 1) for length in (rows, columns))  # no taps beyond the grid
        super().__init__(channels, channels, (high, wide), padding=(high // 2, wide // 2), groups=channels)
        self.grid = (rows, columns)
        nn.init.dirac_(self.weight, channels)
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens."""
        places = super().forward(x[:, 1:].transpose(1, 2).reshape(x.shape[0], -1, *self.grid))
        return torch.cat([x[:, :1], places.flatten(2).transpose(1, 2)], 1)


class MultiplexedBlock(nn.Module):
    """A layer that has its weights from `shared`, and norms and transformations of its own."""

    def __init__(self, shared: SharedWeights, channels: int, rows: int, columns: int, dropout: float) -> None:
        super().__init__()
        self.shared = shared
        self.dropout = nn.Dropout(dropout)
        self.norm1, self.norm2 = nn.LayerNorm(channels, EPSILON), nn.LayerNorm(channels, EPSILON)
        self.before, self.after = HeadMix(shared.attn.heads), HeadMix(shared.attn.heads)
        self.places = PlaceConv(channels, rows, columns)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        x = x + self.dropout(self._attention(self.norm1(x)))
        return x + self.dropout(self.shared.mlp(self.places(self.norm2(x))))  # type: ignore[no-any-return]

    def _attention(self, x: Tensor) -> Tensor:
        q, k, v = self.shared.attn.split(x)
        maps = self.before(q @ k.transpose(2, 3) * q.shape[3] ** -0.5)
        return self.shared.attn.join(self.after(maps.softmax(3)) @ v)


def _blocks(size: Size, layers: int, rows: int, columns: int, dropout: float) -> nn.ModuleList:
    """Return layers of which each two neighbours share their weights."""
    shared = [SharedWeights(size.channels, size.heads) for _ in range(-(-layers // _SHARED))]
    return nn.ModuleList(
        MultiplexedBlock(shared[number // _SHARED], size.channels, rows, columns, dropout) for number in range(layers)
    )


def mini_vivit(
    num_classes: int,
    variant: str,
    dropout: float = 0.0,
    width: float = 1.0,
    layers: int = 0,
    patch: int = 16,
    tubelet: int = 2,
    frames: int = 16,
    size: int = 224,
    block_dropout: float = 0.0,
) -> ViViT:
    """Create Mini-ViViT in a size of `SIZES`; the arguments are those of `vivit`."""
    grid, sizes = Grid(frames, size, tubelet, patch), SIZES[variant].scaled(width, layers)
    spatial = Encoder(grid.side**2, _blocks(sizes, sizes.layers, grid.side, grid.side, block_dropout), sizes.channels)
    over_time = _blocks(sizes, sizes.temporal_layers, 1, grid.moments, block_dropout)
    return ViViT(num_classes, grid, spatial, Encoder(grid.moments, over_time, sizes.channels), dropout)
