"""A VideoXception with fused norms as plain arrays, and the same network with every tensor's channels on one scale."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from videoxception.nets.fused_norms import FusedVideoXception
from videoxception.nets.videoxception import ResidualBlock

Array = npt.NDArray[np.float64]
Largest = dict[str, Array]
"""By the name of a tensor (`graph.py` names them): (C,), the largest absolute value that each channel takes."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block: two depthwise convolutions, and one product of what they give and of the block's input."""

    spatial: Array  # (C, k, k)
    spatial_bias: Array  # (C,)
    temporal: Array  # (C, k)
    temporal_bias: Array  # (C,)
    across: Array  # (D, 2 C): the pointwise convolution's weights, then the shortcut's
    across_bias: Array  # (D,)


@dataclass(frozen=True, slots=True)
class Weights:
    """The whole network."""

    affine: Array  # (3, 3), on bytes
    affine_bias: Array  # (3,)
    blocks: tuple[Block, ...]
    head: Array  # (K + auxiliary, C)
    head_bias: Array  # (K + auxiliary,)
    auxiliary: int


def weights_of(net: FusedVideoXception) -> Weights:
    """Return the arrays of a network whose batch norms are fused."""
    return Weights(
        affine=_array(net.affine.weight)[:, :, 0, 0, 0],
        affine_bias=_array(net.affine.bias),
        blocks=tuple(_block(block) for block in net.blocks if isinstance(block, ResidualBlock)),
        head=_array(net.head.weight),
        head_bias=_array(net.head.bias),
        auxiliary=net.auxiliary,
    )


def _block(block: ResidualBlock) -> Block:
    separable = block.separable
    return Block(
        spatial=_array(separable.spatial.weight)[:, 0, 0],
        spatial_bias=_array(separable.spatial.bias),
        temporal=_array(separable.temporal.weight)[:, 0, :, 0, 0],
        temporal_bias=_array(separable.temporal.bias),
        across=_array(torch.cat([separable.pointwise.weight, block.shortcut.weight], 1))[:, :, 0, 0, 0],
        across_bias=_array(block.shortcut.bias),
    )


def _array(tensor: torch.Tensor | None) -> Array:
    assert tensor is not None
    return tensor.detach().double().numpy()


def equalised(weights: Weights, largest: Largest) -> Weights:
    """Return the same network, whose inputs of quantised layers take values from 0 to 1.

    ReLU, pooling and depthwise convolutions let a channel's scale through, so that what one layer is divided by, the
    next can be multiplied by.
    """
    blocks = list(weights.blocks)
    for i in range(1, len(blocks)):
        given, spatial, temporal = (largest[f"{name}{i}"] for name in ("input", "spatial", "temporal"))
        before, block = blocks[i - 1], blocks[i]
        blocks[i - 1] = replace(before, across=before.across / given[:, None], across_bias=before.across_bias / given)
        blocks[i] = replace(
            block,
            spatial=block.spatial * (given / spatial)[:, None, None],
            spatial_bias=block.spatial_bias / spatial,
            temporal=block.temporal * (spatial / temporal)[:, None],
            temporal_bias=block.temporal_bias / temporal,
            across=block.across * np.concatenate([temporal, given]),
        )
    return replace(weights, blocks=tuple(blocks))
