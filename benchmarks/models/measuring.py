"""A graph as the service would run it, beside a fixed one: an architecture's at its full size, or a release's."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import openvino as ov
import torch

from training.export.openvino import export_graph
from videoxception import golden
from videoxception.clip import ClipSpec
from videoxception.nets import create
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.registry import clip_arguments, info
from videoxception.nets.served import Served

_CLASSES = 16


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds of one clip by all cores, the CPU's milliseconds for it, and clips a second by several at once.

    `times_reference` is the median of ratios of CPU times, of clips that were computed one after the other: other work
    on the machine changes it least.
    """

    precision: str
    ms: float
    cpu_ms: float
    clips_per_second: float
    times_reference: float


def graph_of(name: str, folder: Path) -> Path:
    """Export an architecture with weights of chance; the time that it takes does not depend on them."""
    spec = info(name).clip
    torch.manual_seed(0)
    net = create(name, _CLASSES, **clip_arguments(name, spec)).eval()
    path = folder / f"{name}.xml"
    export_graph(fuse_norms(Served(net, spec).eval(), spec), spec, path)
    return path


def runner(graph: Path, spec: ClipSpec, hint: str) -> tuple[Callable[[], None], int]:
    """Return what computes as many clips as the graph takes at once, and their number."""
    core = ov.Core()
    model = core.read_model(graph)
    model.reshape({0: [1, *spec.shape]})
    properties = {"INFERENCE_PRECISION_HINT": precision(), "ENABLE_CPU_PINNING": False, "PERFORMANCE_HINT": hint}
    compiled = core.compile_model(model, "CPU", properties)
    clip = np.ascontiguousarray(golden.draw(spec, 0, 1))
    if hint == "LATENCY":
        request = compiled.create_infer_request()
        return lambda: request.infer([clip]) and None, 1
    queue = ov.AsyncInferQueue(compiled)

    def several() -> None:
        for _ in range(len(queue)):
            queue.start_async([clip])
        queue.wait_all()

    return several, len(queue)


def precision() -> str:
    """Return what this CPU multiplies in fastest, as the service chooses it."""
    return "bf16" if "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def latency_runner(name: str) -> Callable[[], None]:
    """Return what computes one clip of an architecture by all cores."""
    with tempfile.TemporaryDirectory() as folder:
        return runner(graph_of(name, Path(folder)), info(name).clip, "LATENCY")[0]


def measure_architecture(name: str, fixed: Callable[[], None], rounds: int) -> Speed:
    """Measure an architecture at its full size."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(graph_of(name, Path(folder)), info(name).clip, fixed, rounds)


def measure(graph: Path, clip: ClipSpec, fixed: Callable[[], None], rounds: int) -> Speed:
    """Measure a graph; `fixed`, a `latency_runner`, runs before each of its clips."""
    alone, _ = runner(graph, clip, "LATENCY")
    pairs = [(_timed(fixed), _timed(alone)) for _ in range(rounds + 1)][1:]
    several, count = runner(graph, clip, "THROUGHPUT")
    together = [_timed(several).wall for _ in range(rounds + 1)][1:]
    return Speed(
        precision=precision(),
        ms=1e3 * median(own.wall for _, own in pairs),
        cpu_ms=1e3 * median(own.cpu for _, own in pairs),
        clips_per_second=count / median(together),
        times_reference=median(own.cpu / other.cpu for other, own in pairs),
    )


class _Seconds(NamedTuple):
    """Time on the wall, and of all threads on the CPU."""

    wall: float
    cpu: float


def _timed(work: Callable[[], None]) -> _Seconds:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return _Seconds(time.perf_counter() - wall, time.process_time() - cpu)
