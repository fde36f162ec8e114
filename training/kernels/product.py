"""A block's end - the product across channels, its shortcut, ReLU and 2 x 2 maximum - as one autograd function."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from training.kernels.product_backward import inputs_backward, weight_backward
from training.kernels.product_forward import product_forward
from training.kernels.shape import COLUMNS, Shape
from videoxception.nets.planar import product
from videoxception.nets.videoxception import ResidualBlock


def fused_product(block: ResidualBlock, h: Tensor, x: Tensor, pooled: bool) -> Tensor:
    """Compute `videoxception.nets.planar.product`: h, x (B*T, C, H, W) -> (B*T, K, H / 2, W / 2), channels last.

    In the type that autocast asks for, if it does. Where nothing is pooled, sides are odd or K is no multiple of 64,
    plain PyTorch does it.
    """
    rows, channels, height, width = x.shape
    if not pooled or height % 2 or width % 2 or block.shortcut.out_channels % COLUMNS:
        return product(block, h, x, pooled)
    weight = torch.cat([block.separable.pointwise.weight.flatten(1), block.shortcut.weight.flatten(1)], 1)  # (K, 2C)
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        h, x = h.to(dtype), x.to(dtype)
    assert block.shortcut.bias is not None
    y: Tensor = _Product.apply(  # type: ignore[no-untyped-call]
        h.permute(0, 2, 3, 1).reshape(-1, channels),
        x.permute(0, 2, 3, 1).reshape(-1, channels),
        weight.T.to(x.dtype).contiguous(),
        block.shortcut.bias.float(),
        Shape(rows, 1, height, width, channels, 1),
    )
    return y.view(rows, height // 2, width // 2, -1).permute(0, 3, 1, 2)


class _Product(torch.autograd.Function):
    """h and x (pixels, C), weight (2C, K), bias f32 (K) -> (pixels / 4, K)."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, x: Tensor, weight: Tensor, bias: Tensor, shape: Shape) -> Tensor:
        pooled, winners = product_forward(h, x, weight, bias, shape)
        ctx.save_for_backward(h, x, weight, pooled, winners)
        ctx.shape = shape
        return pooled

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        h, x, weight, pooled, winners = ctx.saved_tensors
        shape, g = ctx.shape, g.contiguous()
        dh, dx = inputs_backward(g, pooled, winners, weight, shape)
        dw = weight_backward(g, pooled, winners, h, x, shape).sum(0)
        db = torch.where(pooled > 0, g, 0).sum(0, dtype=torch.float32)
        return dh, dx, dw.to(weight.dtype), db, None
