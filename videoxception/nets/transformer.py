"""The pre-norm transformer encoder of ViT (https://arxiv.org/abs/2010.11929), with timm's names of parameters."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-6  # of ViT's layer norms
_STD = 0.02  # of the class token and of position embeddings


@dataclass(frozen=True, slots=True)
class Size:
    """Channels, heads and layers of a ViT; over time, ViViT has a third of the layers."""

    channels: int
    heads: int
    layers: int = 12

    def scaled(self, width: float, layers: int) -> "Size":
        """Return a narrower size with that many layers (0: as many as before)."""
        return Size(self.heads * max(1, round(self.channels / self.heads * width)), self.heads, layers or self.layers)

    @property
    def temporal_layers(self) -> int:
        """Layers of the temporal encoder."""
        return max(1, self.layers // 3)


SIZES = {"tiny": Size(192, 3), "small": Size(384, 6), "base": Size(768, 12)}


class Attention(nn.Module):
    """Self-attention of several heads: (B, N, D) -> (B, N, D)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{width} channels cannot be split into {heads} heads")
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, each (B, heads, N, D / heads)."""
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        return q, k, v

    def join(self, x: Tensor) -> Tensor:
        """(B, heads, N, D / heads) -> (B, N, D)."""
        return self.proj(x.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Return what each token takes in of all."""
        return self.join(F.scaled_dot_product_attention(*self.split(x)))


class Mlp(nn.Module):
    """Two linear layers with GELU between them: (B, N, D) -> (B, N, D)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the layers' output."""
        return self.fc2(F.gelu(self.fc1(x)))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention and an MLP, each added to its input, with a layer norm before it."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.norm1 = nn.LayerNorm(width, EPSILON)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, EPSILON)
        self.mlp = Mlp(width, 4 * width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        x = x + F.dropout(self.attn(self.norm1(x)), self.dropout, self.training)
        return x + F.dropout(self.mlp(self.norm2(x)), self.dropout, self.training)


class Tokens(nn.Module):
    """A class token in front of N tokens, and position embeddings of all: (B, N, D) -> (B, N + 1, D)."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, count + 1, width))
        nn.init.normal_(self.cls_token, 0, _STD)
        nn.init.trunc_normal_(self.pos_embed, std=_STD)

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens with the class token as the first."""
        return torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.pos_embed


def initialise(module: nn.Module) -> None:
    """Initialise the linear layers of a transformer as ViT does, by `module.apply`."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
