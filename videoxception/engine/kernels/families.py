"""The kernels of a network, whichever family it is of: VideoXception A and B, or C and D on EfficientNet-Lite."""

import torch
from torch import nn

from videoxception.engine.kernels.lite_network import LiteNetwork, check_lite, lite_bytes_a_clip
from videoxception.engine.kernels.network import FusedNetwork, bytes_a_clip, check_supported
from videoxception.nets.fused_norms import FusedVideoXception, FusedVideoXceptionC

Fused = FusedVideoXception | FusedVideoXceptionC
Shape = tuple[int, int, int, int]
"""(F, H, W, 3)."""


def check_family(net: nn.Module, shape: Shape) -> Fused:
    """Return the network. Raises `ValueError` unless there are kernels that run it on clips of this shape."""
    return check_lite(net) if isinstance(net, FusedVideoXceptionC) else check_supported(net, shape)


def kernels_of(
    net: Fused, shape: Shape, capacity: int, dtype: torch.dtype, device: torch.device
) -> FusedNetwork | LiteNetwork:
    """Return the kernels of a network for up to `capacity` clips; errors as for their constructors."""
    if isinstance(net, FusedVideoXceptionC):
        return LiteNetwork(net, shape, capacity, dtype, device)
    return FusedNetwork(net, shape, capacity, dtype, device)


def bytes_each(net: Fused, shape: Shape, dtype: torch.dtype) -> int:
    """Return the bytes of activations that the kernels of a network allocate for each clip of their capacity."""
    if isinstance(net, FusedVideoXceptionC):
        return lite_bytes_a_clip(net, shape, dtype)
    return bytes_a_clip(net, shape, dtype)
