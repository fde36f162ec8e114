"""The separable convolution up to its second ReLU as one autograd function."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from training.kernels.depthwise_backward import norm_backward, spatial_backward, temporal_backward
from training.kernels.depthwise_forward import activate, spatial_forward, temporal_forward
from training.kernels.shape import Shape
from videoxception.nets.planar import depthwise
from videoxception.nets.videoxception import CTSeparableConv3D

_Gradients = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, None, None, None]


def fused_depthwise(separable: CTSeparableConv3D, x: Tensor, frames: int) -> Tensor:
    """Compute what `videoxception.nets.planar.depthwise` gives in training: (B*T, C, H, W) -> same, channels last.

    In the type that autocast asks for, if it does. In evaluation, and if a norm is frozen, plain PyTorch does it.
    """
    if not (separable.spatial_norm.training and separable.temporal_norm.training):
        return depthwise(separable, x, frames)
    if torch.is_autocast_enabled(x.device.type):
        x = x.to(torch.get_autocast_dtype(x.device.type))
    rows, channels, height, width = x.shape
    kernel = separable.temporal.kernel_size[0]
    shape = Shape(rows // frames, frames, height, width, channels, kernel)
    y: Tensor = _Depthwise.apply(  # type: ignore[no-untyped-call]
        x.permute(0, 2, 3, 1).reshape(-1, channels),
        separable.spatial.weight,
        separable.spatial_norm.weight,
        separable.spatial_norm.bias,
        separable.temporal.weight,
        separable.temporal_norm.weight,
        separable.temporal_norm.bias,
        separable.spatial_norm,
        separable.temporal_norm,
        shape,
    )
    return y.view(rows, height, width, channels).permute(0, 3, 1, 2)


class _Depthwise(torch.autograd.Function):
    """x (pixels, C) and the weights of both convolutions and norms -> (pixels, C)."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        spatial: Tensor,
        inner_weight: Tensor,
        inner_bias: Tensor,
        temporal: Tensor,
        outer_weight: Tensor,
        outer_bias: Tensor,
        inner_norm: nn.BatchNorm3d,
        outer_norm: nn.BatchNorm3d,
        shape: Shape,
    ) -> Tensor:
        spatial_taps, temporal_taps = _taps(spatial), _taps(temporal)
        s, sums = spatial_forward(x, spatial_taps, shape)
        inner = _normalise(sums, inner_norm, inner_weight, inner_bias, shape.pixels)
        t, sums = temporal_forward(s, inner[0], inner[1], temporal_taps, shape)
        outer = _normalise(sums, outer_norm, outer_weight, outer_bias, shape.pixels)
        ctx.save_for_backward(x, s, t, spatial_taps, temporal_taps, inner, outer)
        ctx.shape = shape
        return activate(t, outer[0], outer[1], shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dh: Tensor) -> _Gradients:
        x, s, t, spatial_taps, temporal_taps, inner, outer = ctx.saved_tensors
        shape, dh = ctx.shape, dh.contiguous()
        sums = _total(norm_backward(dh, t, outer[0], outer[1], shape))
        outer_terms, outer_weight, outer_bias = _undo_norm(sums, outer, shape.pixels)
        given = torch.cat([outer[:2], outer_terms])
        g, partial = temporal_backward(dh, t, s, given, inner[:2].contiguous(), temporal_taps, shape)
        sums = _total(partial)
        inner_terms, inner_weight, inner_bias = _undo_norm(sums[:2], inner, shape.pixels)
        dx, partial = spatial_backward(g, s, x, inner_terms, spatial_taps, shape)
        k = shape.kernel
        spatial = _total(partial).float().T.reshape(-1, 1, 1, k, k)
        temporal = sums[2:].float().T.reshape(-1, 1, k, 1, 1)
        return dx, spatial, inner_weight, inner_bias, temporal, outer_weight, outer_bias, None, None, None


def _taps(weight: Tensor) -> Tensor:
    """Reshape a depthwise convolution's weight (C, 1, ...) -> f32 (taps, C)."""
    return weight.flatten(1).T.float().contiguous()


def _total(partial: Tensor) -> Tensor:
    """Add up the sums of programs, f32 (programs, n, C) -> f64 (n, C): a variance is their small difference."""
    return partial.sum(0, dtype=torch.float64)


def _normalise(partial: Tensor, norm: nn.BatchNorm3d, weight: Tensor, bias: Tensor, count: int) -> Tensor:
    """Return f32 (4, C) - scale, shift, mean, 1 / deviation - from sums and sums of squares; update the averages."""
    mean, square = _total(partial) / count
    variance = (square - mean * mean).clamp_min(0)
    if norm.num_batches_tracked is not None and norm.running_mean is not None and norm.running_var is not None:
        norm.num_batches_tracked.add_(1)
        momentum = norm.momentum or 0.0
        norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), momentum)
        unbiased = variance * (count / max(count - 1, 1))
        norm.running_var.lerp_(unbiased.to(norm.running_var.dtype), momentum)
    inverse = torch.rsqrt(variance + norm.eps)
    scale = weight * inverse
    return torch.stack([scale, bias - mean * scale, mean, inverse]).float()


def _undo_norm(sums: Tensor, normal: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return what undoes a norm, from sums f64 (2, C) of its output's gradient g, and of g times its input y.

    f32 (3, C), a, b and c of the gradient g * a + y * b + c of y; then those of the norm's weight and bias.
    """
    scale, _, mean, inverse = normal.double()
    bias, weighted = sums
    weight = (weighted - mean * bias) * inverse
    b = -scale * inverse * weight / count
    c = -scale * bias / count - b * mean
    return torch.stack([scale, b, c]).float(), weight.float(), bias.float()
