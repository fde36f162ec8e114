"""Latency against throughput: the served graph at every split of the cores into streams and threads."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import openvino as ov

from videoxception import golden
from videoxception.cores import cores
from videoxception.engine.base import Precision
from videoxception.engine.openvino import graph_of
from videoxception.store import Release


@dataclass(frozen=True, slots=True)
class Split:
    """`streams` clips at a time, each by `threads` threads: clips a second, and milliseconds of one clip among them."""

    streams: int
    threads: int
    throughput: float
    latency: float


def splits(release: Release, precision: Precision, seconds: float) -> Iterator[Split]:
    """Measure every split, from one stream with all cores to as many streams as cores."""
    count = cores()
    for streams in (each for each in range(1, count + 1) if count % each == 0):
        yield _split(release, precision, streams, count // streams, seconds)
    if count > 1:
        yield _split(release, precision, 1, 1, seconds)


def _split(release: Release, precision: Precision, streams: int, threads: int, seconds: float) -> Split:
    core = ov.Core()
    graph, floats = graph_of(core, release, precision)
    model = core.read_model(graph)
    model.reshape({0: [1, *release.manifest.clip.shape]})
    hints = {
        "INFERENCE_PRECISION_HINT": floats,
        "NUM_STREAMS": str(streams),
        "INFERENCE_NUM_THREADS": streams * threads,
    }
    queue = ov.AsyncInferQueue(core.compile_model(model, "CPU", hints), streams)
    frames = golden.draw(release.manifest.clip, 0, 1)
    _run(queue, frames, 0.2)
    clips, taken = _run(queue, frames, seconds)
    return Split(streams, threads, clips / taken, streams * taken * 1e3 / clips)


def _run(queue: ov.AsyncInferQueue, frames: object, seconds: float) -> tuple[int, float]:
    """Run for `seconds`; return the number of clips and the seconds that they took."""
    start, clips = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        queue.start_async([frames])
        clips += 1
    queue.wait_all()
    return clips, time.perf_counter() - start
