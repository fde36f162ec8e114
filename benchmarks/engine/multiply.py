"""What a network multiplies, and how fast this machine multiplies in bf16 at best."""

import statistics
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from videoxception.nets.served import load_served
from videoxception.store import Release

_SIDE = 2048  # of square matrices: large enough that nothing but products matters


def operations(release: Release) -> float:
    """Multiplications and additions for one clip, of convolutions and products."""
    net, clip = load_served(release), torch.zeros(1, *release.manifest.clip.shape, dtype=torch.uint8)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        net(clip)
    return float(counter.get_total_flops())


def bf16_rate(rounds: int) -> float:
    """bf16 operations a second of a product of large matrices: the median."""
    a, b = (torch.randn(_SIDE, _SIDE).bfloat16() for _ in range(2))
    a @ b
    return statistics.median(2 * _SIDE**3 / _seconds(a, b) for _ in range(rounds))


def _seconds(a: torch.Tensor, b: torch.Tensor) -> float:
    start = time.perf_counter()
    a @ b
    return time.perf_counter() - start
