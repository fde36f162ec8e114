"""How long a call takes."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and on what is measured, and for how many seconds a figure."""

    device: torch.device = field(default_factory=lambda: torch.device("cuda"))
    shape: tuple[int, int, int, int] = (10, 128, 128, 3)
    batches: tuple[int, ...] = (1, 8, 64, 256)
    training_batch: int = 32
    seconds: float = 0.6
    loop: float = 0.05  # seconds that a loop of calls takes at least, so that the clock itself costs nothing beside it


def seconds_a_call(call: Callable[[], object], setting: Setting) -> float:
    """The median, over loops of calls, of a loop's time divided by its calls; two calls before are not counted."""
    call()
    once = _loop(call, 1, setting.device)
    calls = max(1, min(2000, int(setting.loop / once)))
    loops = max(3, min(15, int(setting.seconds / (once * calls))))
    return statistics.median(_loop(call, calls, setting.device) / calls for _ in range(loops))


def in_a_row(launch: Callable[[], object], times: int) -> Callable[[], None]:
    """`times` launches as one CUDA graph: on its own, a short kernel is outrun by the Python that launches it."""
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
