"""A network's operations for one clip, and this machine's peak rate of bf16 products."""

import statistics
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from videoxception.nets.served import load_served
from videoxception.store import Release

_SIDE = 2048  # of square matrices: large enough that overhead is negligible


def operations(release: Release) -> float:
    """Count the multiplications and additions for one clip, in convolutions and matrix products."""
    net, clip = load_served(release), torch.zeros(1, *release.manifest.clip.shape, dtype=torch.uint8)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        net(clip)
    return float(counter.get_total_flops())


def bf16_rate(rounds: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Measure the bf16 operations a second, by a clock, of a large matrix product: the median."""
    a, b = (torch.randn(_SIDE, _SIDE).bfloat16() for _ in range(2))
    a @ b
    return statistics.median(2 * _SIDE**3 / _seconds(a, b, clock) for _ in range(rounds))


def _seconds(a: torch.Tensor, b: torch.Tensor, clock: Callable[[], float]) -> float:
    start = clock()
    a @ b
    return clock() - start
