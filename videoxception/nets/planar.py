"""VideoXception written with 2-D layers: the same numbers from the same weights, at half the cost of a training step.

Time is merged into the batch, (B, C, T, H, W) -> (B*T, C, H, W) channels last, where CPUs and GPUs have their fastest
convolutions; a temporal convolution becomes a k x 1 one over frames laid out as (T, H*W).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from videoxception.nets.videoxception import CTSeparableConv3D, ResidualBlock, VideoXception, draw_kept


def depthwise(separable: CTSeparableConv3D, x: Tensor, frames: int) -> Tensor:
    """Apply a separable convolution up to its second ReLU: (B*T, C, H, W) -> the same shape, channels last."""
    half = separable.spatial.kernel_size[1] // 2
    y = F.conv2d(x, separable.spatial.weight[:, :, 0], padding=half, groups=x.shape[1])
    y = F.relu(_norm(separable.spatial_norm, y))
    y = _over_time(y, separable.temporal.weight, frames)
    return F.relu(_norm(separable.temporal_norm, y))


def product(block: ResidualBlock, h: Tensor, x: Tensor, pooled: bool) -> Tensor:
    """Apply the rest of a block to x and to h, the output of `depthwise` for x.

    Both are (B*T, C, H, W); the result is (B*T, K, H, W), with H and W halved by max pooling if `pooled`.
    """
    y = F.conv2d(h, block.separable.pointwise.weight[:, :, 0])
    y = y + F.conv2d(x, block.shortcut.weight[:, :, 0], block.shortcut.bias)
    return F.relu(F.max_pool2d(y, 2) if pooled else y)  # pooling first gives the same, with fewer numbers


@dataclass(frozen=True, slots=True)
class Passes:
    """The functions that compute the two halves of a block, with the interfaces of `depthwise` and `product`."""

    depthwise: Callable[[CTSeparableConv3D, Tensor, int], Tensor] = depthwise
    product: Callable[[ResidualBlock, Tensor, Tensor, bool], Tensor] = product


PLAIN = Passes()


def forward_fast(net: nn.Module, x: Tensor, passes: Passes = PLAIN) -> Tensor:
    """Return `net(x)`, computed by `forward_planar` if the network is a VideoXception."""
    return forward_planar(net, x, passes) if isinstance(net, VideoXception) else cast(Tensor, net(x))


def forward_planar(net: VideoXception, x: Tensor, passes: Passes = PLAIN) -> Tensor:
    """Return `net(x)`, in training and evaluation: float (B, 3, T, H, W) in 0..1 -> logits (B, num_classes)."""
    batch, _, frames, height, width = x.shape
    x = x.permute(0, 2, 3, 4, 1).contiguous().view(batch * frames, height, width, 3).permute(0, 3, 1, 2)
    x = F.conv2d(_norm(net.norm, x), net.stem.weight[:, :, 0], net.stem.bias)
    blocks = [layer for layer in net.blocks if isinstance(layer, ResidualBlock)]
    for block in blocks:
        x = _block(block, x, frames, block is not blocks[-1], passes)
    features = x.mean((2, 3)).view(batch, frames, -1).mean(1)  # (B, C)
    return cast(Tensor, net.head(F.dropout(features, net.dropout, net.training)))


def _block(block: ResidualBlock, x: Tensor, frames: int, pooled: bool, passes: Passes) -> Tensor:
    h = passes.depthwise(block.separable, x, frames)
    if block.training and block.drop > 0:  # what follows is linear in h, so that h is dropped here
        kept = draw_kept(h, len(h) // frames, block.drop)
        h = h * kept.repeat_interleave(frames).view(-1, 1, 1, 1)
    return passes.product(block, h, x, pooled)


def _over_time(x: Tensor, weight: Tensor, frames: int) -> Tensor:
    """Convolve each channel of (B*T, C, H, W) over T with its own kernel, `weight` (C, 1, k, 1, 1)."""
    rows, channels, height, width = x.shape
    if frames == 1:  # the padding is zero, so that only the centre tap counts
        return x * weight[:, 0, weight.shape[2] // 2].reshape(1, channels, 1, 1).to(x.dtype)
    x = x.permute(0, 2, 3, 1).reshape(rows // frames, frames, height * width, channels)
    x = F.conv2d(x.permute(0, 3, 1, 2), weight[..., 0], padding=(weight.shape[2] // 2, 0), groups=channels)
    return x.permute(0, 2, 3, 1).reshape(rows, height, width, channels).permute(0, 3, 1, 2)


def _norm(norm: nn.BatchNorm3d, x: Tensor) -> Tensor:
    """Apply a BatchNorm3d to frames merged into the batch: its statistics are over (B, T, H, W) either way."""
    if norm.training and norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)
    return torch.batch_norm(
        x,
        norm.weight,
        norm.bias,
        norm.running_mean,
        norm.running_var,
        norm.training,
        norm.momentum or 0.0,
        norm.eps,
        True,
    )
