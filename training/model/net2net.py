"""A deeper network that begins as a shallower one which is trained: type B as a type A.

A network's further blocks begin by passing on what they are given, as in Net2Net
(https://arxiv.org/abs/1511.05641): their separable convolutions add nothing yet, and learn from there. Pooling lies
between blocks, so that what the head is given is the largest of each channel where it was the mean: not the same, but
a good start if it is made smaller on the way; else the first steps, with a head that is far too sure, spoil the rest.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn

from videoxception.nets.videoxception import ResidualBlock, VideoXception

_PASSED_ON = 0.6  # at each block; of 0.5, 0.6 .. 1, the least loss of a type A on what it was trained on
_NEW_CHANNELS = 0.3  # of their usual weights, so that what they add is small at first


def grow_deeper(weights: dict[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """Weights of a network with fewer blocks, but otherwise like `net` -> weights of all of `net`.

    Those of any other network, and weights without a head, which are for other outputs, are given back as they are.
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
    """Output channels are the input's, as far as there are any; further ones begin as mixtures of these."""
    block.separable.pointwise.weight.zero_()
    weight, bias = block.shortcut.weight, block.shortcut.bias
    assert bias is not None
    channels = min(weight.shape[:2])
    weight[:channels] = _PASSED_ON * torch.eye(weight.shape[1], device=weight.device)[:channels, :, None, None, None]
    weight[channels:] *= _NEW_CHANNELS
    bias.zero_()
