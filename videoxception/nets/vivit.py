"""ViViT with a factorised encoder: one transformer over the places of each moment, then one over the moments.

Source: https://arxiv.org/abs/2103.15691, model 2. Tubelets of 2 frames x 16 x 16 pixels become tokens; the class tokens
of the moments, as the spatial encoder leaves them, are the temporal encoder's tokens. `vit_weights.py` fills the
tubelet embedding and the spatial encoder with weights of a ViT.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.transformer import EPSILON, SIZES, Block, Size, Tokens, initialise
from videoxception.nets.weight_multiplexing import multiplexed_blocks


@dataclass(frozen=True, slots=True)
class Grid:
    """How a clip is cut into tubelets: of `frames` x `size` x `size`, each of `tubelet` x `patch` x `patch`."""

    frames: int
    size: int
    tubelet: int
    patch: int

    def __post_init__(self) -> None:
        if self.frames % self.tubelet or self.size % self.patch:
            raise ValueError(
                f"clips of {self.frames} frames of {self.size} pixels cannot be cut into tubelets of {self.tubelet}"
                f" frames of {self.patch} pixels"
            )

    @property
    def moments(self) -> int:
        """Tubelets one after the other."""
        return self.frames // self.tubelet

    @property
    def side(self) -> int:
        """Tubelets side by side."""
        return self.size // self.patch


class TubeletEmbedding(nn.Module):
    """Clips (B, 3, T, H, W) -> tokens (B * moments, places, D), by one convolution without overlap."""

    def __init__(self, grid: Grid, channels: int) -> None:
        super().__init__()
        kernel = (grid.tubelet, grid.patch, grid.patch)
        self.proj = nn.Conv3d(3, channels, kernel, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens of each moment."""
        return self.proj(x).transpose(1, 2).flatten(0, 1).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """A class token, position embeddings, blocks and a layer norm: tokens (B, N, D) -> the class token (B, D)."""

    def __init__(self, tokens: int, blocks: nn.ModuleList, channels: int) -> None:
        super().__init__()
        self.tokens = Tokens(tokens, channels)
        self.blocks = blocks
        self.norm = nn.LayerNorm(channels, EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the class token has become."""
        x = self.tokens(x)
        for block in self.blocks:
            x = block(x)
        return self.norm(x[:, 0])  # type: ignore[no-any-return]


class ViViT(nn.Module):
    """The network: float clips (B, 3, T, H, W) of the grid's shape -> logits (B, num_classes)."""

    def __init__(self, num_classes: int, grid: Grid, spatial: Encoder, temporal: Encoder, dropout: float) -> None:
        super().__init__()
        channels = spatial.norm.normalized_shape[0]
        self.grid, self.dropout = grid, dropout
        self.patch_embed = TubeletEmbedding(grid, channels)
        self.spatial, self.temporal = spatial, temporal
        self.head = nn.Linear(channels, num_classes)
        self.apply(initialise)
        nn.init.normal_(self.head.weight, 0, 0.01)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes)."""
        moments = self.spatial(self.patch_embed(x)).unflatten(0, (-1, self.grid.moments))  # (B, moments, D)
        return self.head(F.dropout(self.temporal(moments), self.dropout, self.training))  # type: ignore[no-any-return]


@torch.no_grad()
def central_frame(weight: Tensor, tubelet: int) -> Tensor:
    """Return a tubelet kernel (D, 3, t, p, p) that sees the middle frame alone, from a patch kernel (D, 3, p, p)."""
    whole = weight.new_zeros(*weight.shape[:2], tubelet, *weight.shape[2:])
    whole[:, :, tubelet // 2] = weight
    return whole


def _encoder(size: Size, layers: int, grid: tuple[int, int], multiplexed: bool, dropout: float) -> Encoder:
    """Return an encoder of tokens in rows and columns."""
    if multiplexed:
        blocks = multiplexed_blocks(size, layers, grid, dropout)
    else:
        blocks = nn.ModuleList(Block(size.channels, size.heads, dropout) for _ in range(layers))
    return Encoder(grid[0] * grid[1], blocks, size.channels)


def vivit(
    num_classes: int,
    variant: str,
    multiplexed: bool,
    dropout: float = 0.0,
    width: float = 1.0,
    layers: int = 0,
    patch: int = 16,
    tubelet: int = 2,
    frames: int = 16,
    size: int = 224,
    block_dropout: float = 0.0,
) -> ViViT:
    """Create ViViT in a size of `SIZES`, with weights of each layer's own or `multiplexed` (Mini-ViViT).

    `layers` are the spatial encoder's; 0: as many as the size has.
    """
    grid, sizes = Grid(frames, size, tubelet, patch), SIZES[variant].scaled(width, layers)
    spatial = _encoder(sizes, sizes.layers, (grid.side, grid.side), multiplexed, block_dropout)
    temporal = _encoder(sizes, sizes.temporal_layers, (1, grid.moments), multiplexed, block_dropout)
    return ViViT(num_classes, grid, spatial, temporal, dropout)
