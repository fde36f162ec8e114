"""The weights of an EfficientNet-Lite with fused batch norms, laid out as the kernels read them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from videoxception.engine.kernels.tiles import block_tiles, pointwise_tiles, product_tiles
from videoxception.nets.efficientnet_lite import BlockSpec, ConvNorm, MBConv
from videoxception.nets.fused_norms import FusedVideoXceptionC

_NARROW = 64  # channels up to which a block may be computed in one pass
_LEAST = 16  # the size of a matrix that tensor cores take


@dataclass(frozen=True, slots=True)
class Matrix:
    """A product across channels: `weight` (depth, width) and `bias` f32 (width), filled up with zeros."""

    weight: Tensor
    bias: Tensor
    depth: int
    width: int


@dataclass(frozen=True, slots=True)
class Stem:
    """The first convolution: `weight` (32, K) has a row for each of 3 x 3 taps and three colours, and five of zeros.

    `centre` and `gain` f32 (3) map bytes to the network's input: (byte - centre) * gain.
    """

    centre: Tensor
    gain: Tensor
    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, slots=True)
class Taps:
    """A depthwise convolution: `weight` f32 (k*k, C) and `bias` f32 (C), filled up with zeros."""

    weight: Tensor
    bias: Tensor
    kernel: int
    stride: int


@dataclass(frozen=True, slots=True)
class Inverted:
    """An inverted residual block; `expand` is None where it does not widen."""

    expand: Matrix | None
    depthwise: Taps
    project: Matrix
    in_one_pass: bool
    is_residual: bool


@dataclass(frozen=True, slots=True)
class LiteWeights:
    """All weights. `head` f32 (rows, C); `head_bias` f32 (rows): the classes, then the auxiliary classes."""

    stem: Stem
    blocks: list[Inverted]
    top: Matrix
    head: Tensor
    head_bias: Tensor


def in_one_pass(spec: BlockSpec) -> bool:
    """Return whether one kernel computes a block, by the roofline (`python -m benchmarks.gpu.roofline`).

    It widens its input again for each tap. That pays where there are few channels to widen and few taps a pixel.
    """
    taps = spec.kernel_size**2 / spec.stride**2
    return spec.expansion == 1 or (spec.in_channels <= _NARROW and taps <= 9)


@torch.no_grad()
def lite_weights_of(net: FusedVideoXceptionC, dtype: torch.dtype, device: torch.device) -> LiteWeights:
    """Copy a network's weights to a device: the matrices of products across channels in `dtype`, the rest in f32."""
    lite = net.net
    taps = lite.stem.conv.weight.permute(2, 3, 1, 0).flatten(0, 2)  # (27, K): rows, columns, colours
    stem = Stem(
        _copy(net.centre.flatten(), device),
        _copy(net.gain.flatten(), device),
        _copy(_filled(taps, 32, 1), device, dtype),
        _copy(_bias(lite.stem), device),
    )
    top = _matrix(lite.top, product_tiles(dtype).step, 1, dtype, device)
    blocks = [inverted_of(block, dtype, device) for block in lite.blocks if isinstance(block, MBConv)]
    return LiteWeights(stem, blocks, top, _copy(lite.head.weight, device), _copy(lite.head.bias, device))


@torch.no_grad()
def inverted_of(block: MBConv, dtype: torch.dtype, device: torch.device, one_pass: bool | None = None) -> Inverted:
    """Copy the weights of a block whose batch norms are fused, for one pass or for three kernels."""
    spec, one_pass = block.spec, in_one_pass(block.spec) if one_pass is None else one_pass
    first, last = pointwise_tiles(dtype, spec.in_channels), pointwise_tiles(dtype, block.hidden)
    chunk = block_tiles().chunk
    if one_pass:
        narrow, into = _power_of_2(spec.in_channels), (chunk, _power_of_2(spec.out_channels))
        wide = chunk
    else:
        narrow, into = first.step, (last.step, last.columns)
        wide = first.columns
    conv = block.depthwise.conv
    depthwise = Taps(
        _copy(_filled(conv.weight.flatten(1).T, 1, chunk), device),
        _copy(_filled(_bias(block.depthwise)[None], 1, chunk)[0], device),
        spec.kernel_size,
        spec.stride,
    )
    expand = None if spec.expansion == 1 else _matrix(_conv_norm(block.expand), narrow, wide, dtype, device)
    return Inverted(expand, depthwise, _matrix(block.project, *into, dtype, device), one_pass, block.is_residual)


def _matrix(layer: ConvNorm, rows: int, columns: int, dtype: torch.dtype, device: torch.device) -> Matrix:
    """Copy a 1 x 1 convolution as a matrix, filled up to multiples of `rows` and `columns`."""
    weight, bias = layer.conv.weight.flatten(1).T, _bias(layer)
    return Matrix(
        _copy(_filled(weight, rows, columns), device, dtype),
        _copy(_filled(bias[None], 1, columns)[0], device),
        *weight.shape,
    )


def _filled(matrix: Tensor, rows: int, columns: int) -> Tensor:
    """Return the matrix with rows and columns of zeros, so that their numbers are multiples of these."""
    return F.pad(matrix, (0, -matrix.shape[1] % columns, 0, -matrix.shape[0] % rows))


def _power_of_2(channels: int) -> int:
    return max(_LEAST, 1 << (channels - 1).bit_length())


def _conv_norm(module: object) -> ConvNorm:
    assert isinstance(module, ConvNorm)
    return module


def _bias(layer: ConvNorm) -> Tensor:
    assert layer.conv.bias is not None
    return layer.conv.bias


def _copy(tensor: Tensor, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    return tensor.detach().to(device, dtype, copy=True).contiguous()
