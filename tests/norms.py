"""Batch norms as a training leaves them."""

from typing import TypeVar

from torch import nn

Net = TypeVar("Net", bound=nn.Module)


def stirred(net: Net, highest_bias: float = 1) -> Net:
    """The network, evaluating, with batch norms that have seen something, so that none is the identity."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, highest_bias)
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.2, 2)
    net.eval()
    return net
