"""Mixed precision: bfloat16 where the hardware computes in it, and right."""

from contextlib import AbstractContextManager

import torch
from torch import nn


def autocast(device: torch.device, net: nn.Module) -> AbstractContextManager[None]:
    """Return the context that computes in bfloat16 where that is quick: on CUDA, and on CPUs made for it.

    But not networks with convolutions over volumes on CPUs: oneDNN 3.12, of PyTorch 2.13, reads memory that nobody has
    written when it computes gradients of such weights in bfloat16 (64 channels, 2 x 4 x 4 places).
    """
    native = bool(torch.cpu.get_capabilities().get("avx512_bf16")) and not _convolves_volumes(net)
    return torch.autocast(device.type, torch.bfloat16, enabled=native or device.type == "cuda")


def _convolves_volumes(net: nn.Module) -> bool:
    """Return whether a network has convolutions over T, H and W that mix channels."""
    convolutions = (module for module in net.modules() if isinstance(module, nn.Conv3d))
    return any(each.groups == 1 and max(each.kernel_size) > 1 for each in convolutions)
