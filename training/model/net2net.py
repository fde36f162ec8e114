"""Grow a deeper network from a trained shallower one: type B from type A.

A network's further blocks begin by passing on their input, as in Net2Net (https://arxiv.org/abs/1511.05641): their
separable convolutions add nothing yet, and learn from there. Pooling lies between blocks, so that the head gets the
maximum of each channel over 2 x 2 pixels where it got the mean: not the same, but a good start if it is scaled down on
the way; else the head is far too confident, and the first steps undo the rest.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn

from videoxception.nets.videoxception import ResidualBlock, VideoXception

_PASSED_ON = 0.6  # factor at each block: of 0.5, 0.6 .. 1, the least loss of a type A on its training data
_NEW_CHANNELS = 0.3  # factor of their usual weights, so that they add little at first


def grow_deeper(weights: dict[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """Return weights of all of `net` from those of a network with fewer blocks that is otherwise like it.

    Weights of any other network, and weights without a head, which are for other outputs, are returned as they are.
    """
    if not isinstance(net, VideoXception) or not _has_more_blocks(net, weights):
        return weights
    whole = deepcopy(net)
    for name, block in whole.blocks.named_children():
        if isinstance(block, ResidualBlock) and f"blocks.{name}.shortcut.weight" not in weights:
            _pass_on(block)
    own = whole.state_dict()
    head = torch.zeros_like(own["head.weight"])
    head[:, : weights["head.weight"].shape[1]] = weights["head.weight"]
    return {**own, **weights, "head.weight": head}


def _has_more_blocks(net: VideoXception, weights: dict[str, Tensor]) -> bool:
    own = net.state_dict()
    shared = {name: tensor.shape for name, tensor in weights.items() if name != "head.weight"}
    return (
        "head.weight" in weights
        and len(weights) < len(own)
        and all(name in own and own[name].shape == shape for name, shape in shared.items())
    )


@torch.no_grad()
def _pass_on(block: ResidualBlock) -> None:
    """Initialise a block to pass on its input channels; further outputs begin as mixtures of these."""
    block.separable.pointwise.weight.zero_()
    weight, bias = block.shortcut.weight, block.shortcut.bias
    assert bias is not None
    channels = min(weight.shape[:2])  # of (K, C, 1, 1, 1)
    weight[:channels] = _PASSED_ON * torch.eye(weight.shape[1], device=weight.device)[:channels, :, None, None, None]
    weight[channels:] *= _NEW_CHANNELS
    bias.zero_()
