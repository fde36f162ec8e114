"""The time that a call takes."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch


@dataclass(frozen=True, slots=True)
class Setting:
    """The device and sizes of a measurement, and the seconds that each figure may take."""

    device: torch.device = field(default_factory=lambda: torch.device("cuda"))
    shape: tuple[int, int, int, int] = (10, 128, 128, 3)
    batches: tuple[int, ...] = (1, 8, 64, 256)
    training_batch: int = 32
    seconds: float = 0.6
    loop: float = 0.05  # least seconds of a loop of calls, so that the clock's own cost is negligible


def seconds_a_call(call: Callable[[], object], setting: Setting) -> float:
    """Return the median, over loops of calls, of a loop's time divided by its calls, after two warm-up calls."""
    call()
    once = _loop(call, 1, setting.device)
    calls = max(1, min(2000, int(setting.loop / once)))
    loops = max(3, min(15, int(setting.seconds / (once * calls))))
    return statistics.median(_loop(call, calls, setting.device) / calls for _ in range(loops))


def in_a_row(launch: Callable[[], object], times: int) -> Callable[[], None]:
    """Record `times` launches as one CUDA graph: Python takes longer to launch a short kernel than it runs."""
    launch()  # which compiles
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(times):
            launch()
    return graph.replay


def _loop(call: Callable[[], object], calls: int, device: torch.device) -> float:
    _wait(device)
    start = time.perf_counter()
    for _ in range(calls):
        call()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
