"""What a network costs, whichever machine runs it."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from videoxception.clip import ClipSpec
from videoxception.manifest import Cost


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
