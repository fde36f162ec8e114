"""Mixed precision: bfloat16 where the hardware computes in it."""

from contextlib import AbstractContextManager

import torch


def autocast(device: torch.device) -> AbstractContextManager[None]:
    """Return the context that computes in bfloat16 where that is quick: on CUDA, and on CPUs made for it."""
    native = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    return torch.autocast(device.type, torch.bfloat16, enabled=native)
