"""The weights of a network with fused batch norms, laid out as the kernels read them."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from videoxception.nets.fused_norms import FusedVideoXception
from videoxception.nets.videoxception import ResidualBlock


@dataclass(frozen=True, slots=True)
class Depthwise:
    """Both depthwise convolutions of a block, f32: `spatial` (k*k, C), `temporal` (k, C), biases (C)."""

    spatial: Tensor
    spatial_bias: Tensor
    temporal: Tensor
    temporal_bias: Tensor

    @property
    def kernel(self) -> int:
        """The size k of both."""
        return self.temporal.shape[0]


@dataclass(frozen=True, slots=True)
class First:
    """The first block and what comes before it: `affine` f32 (3, 3) maps bytes to the network's input.

    `weight` (16, K) has W_p in rows 0 to 2, W_s in rows 3 to 5, and zeros.
    """

    affine: Tensor
    affine_bias: Tensor
    depthwise: Depthwise
    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, slots=True)
class Block:
    """A later block: `weight` (2C, K) has W_p above W_s; `bias` f32 (K)."""

    depthwise: Depthwise
    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    """All weights. `head` f32 (rows, C); `head_bias` f32 (rows): the classes, then the auxiliary classes."""

    first: First
    blocks: list[Block]
    head: Tensor
    head_bias: Tensor


@torch.no_grad()
def weights_of(net: FusedVideoXception, dtype: torch.dtype, device: torch.device) -> Weights:
    """Copy a network's weights to a device: the matrices of products across channels in `dtype`, the rest in f32."""
    first, *rest = [block for block in net.blocks if isinstance(block, ResidualBlock)]
    return Weights(
        First(
            _copy(net.affine.weight.view(3, 3), device),
            _copy(_bias(net.affine), device),
            _depthwise(first, device),
            _copy(nn.functional.pad(_product(first), (0, 0, 0, 10)), device, dtype),
            _copy(_bias(first.shortcut), device),
        ),
        [
            Block(
                _depthwise(block, device), _copy(_product(block), device, dtype), _copy(_bias(block.shortcut), device)
            )
            for block in rest
        ],
        _copy(net.head.weight, device),
        _copy(net.head.bias, device),
    )


def _depthwise(block: ResidualBlock, device: torch.device) -> Depthwise:
    spatial, temporal = block.separable.spatial, block.separable.temporal
    return Depthwise(
        _copy(spatial.weight.flatten(1).T, device),
        _copy(_bias(spatial), device),
        _copy(temporal.weight.flatten(1).T, device),
        _copy(_bias(temporal), device),
    )


def _product(block: ResidualBlock) -> Tensor:
    """Return the pointwise convolution's matrix above the shortcut's, (2C, K)."""
    return torch.cat([block.separable.pointwise.weight.flatten(1).T, block.shortcut.weight.flatten(1).T])


def _bias(layer: nn.Conv3d) -> Tensor:
    assert layer.bias is not None
    return layer.bias


def _copy(tensor: Tensor, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    return tensor.detach().to(device, dtype, copy=True).contiguous()
