"""What a network costs, whichever machine runs it."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from videoxception.clip import ClipSpec
from videoxception.manifest import Cost
from videoxception.nets import create
from videoxception.nets.registry import clip_arguments, info

CLASSES = 400
"""Outputs of networks counted at their full size, as many as Kinetics-400 has: published counts are of that many."""


def cost_of(net: nn.Module, spec: ClipSpec) -> Cost:
    """Count a network's parameters, and the multiply-adds of its convolutions and matrix products for one clip.

    Nothing is computed for it. The network, which takes float clips (B, 3, F, H, W), is moved to the device "meta".
    """
    clip = torch.empty(1, 3, spec.frames, *spec.size, device="meta")
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        net.eval().to("meta")(clip)
    return Cost(
        parameters=sum(parameter.numel() for parameter in net.parameters()),
        multiply_adds=counter.get_total_flops() // 2,  # it counts a multiplication and an addition as two
    )


def full_size_cost(name: str) -> Cost:
    """Count an architecture at its full size, for one clip; nothing is initialised for it.

    Raises:
        ValueError: the name is unknown.
    """
    clip = info(name).clip
    with torch.device("meta"):
        net = create(name, CLASSES, **clip_arguments(name, clip))
    return cost_of(net, clip)
