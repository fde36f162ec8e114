"""From files to answers: with the service's decoder processes, and with the GPU's decoder (NVDEC)."""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
from av.codec.hwaccel import HWAccel
from av.video.reformatter import VideoReformatter

from benchmarks.gpu.networks import fused_net
from benchmarks.gpu.rows import Row, attempt
from benchmarks.gpu.timing import Setting
from tests.videos import make_video
from videoxception.clip import ClipSpec
from videoxception.cores import cores
from videoxception.engine import Engine
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_fused import FusedEngine
from videoxception.video.pool import DecoderPool

_BATCH = 64
Decode = Callable[[Path], np.ndarray]


def decoding(setting: Setting, count: int = 600, engine: Engine | None = None) -> Iterator[Row]:
    """Measure a synthetic video `count` times: H.264, 640 x 360, 10 s, a key frame every 10 s."""
    engine = engine or FusedEngine(fused_net("a"), setting.shape, Card(str(setting.device)))
    with tempfile.TemporaryDirectory() as folder:
        options = {"preset": "veryfast"}
        path = make_video(
            Path(folder) / "v.mp4", "libx264", 250, size=(640, 360), options=options, gop=250, moving=True
        )
        yield from attempt("decoding", "decoder processes", lambda: _processes(engine, path, count))
        yield from attempt("decoding", "NVDEC", lambda: _nvdec(engine, path, max(8, count // 10)))


def _processes(engine: Engine, path: Path, count: int) -> Iterator[Row]:
    processes = cores()
    pool = DecoderPool(processes)
    try:
        _answer(engine, lambda _: pool.decode(path, ClipSpec()).frames, path, 2 * processes, processes)
        rate = _answer(engine, lambda _: pool.decode(path, ClipSpec()).frames, path, count, processes)
    finally:
        pool.close()
    yield Row("decoding", f"file to answer, {processes} decoder processes", rate, "clips/s", "H.264 640x360, 10 s")


def _nvdec(engine: Engine, path: Path, count: int) -> Iterator[Row]:
    for threads in (1, 4):
        _answer(engine, decode_on_card, path, threads, threads)
        rate = _answer(engine, decode_on_card, path, count, threads)
        note = "all frames decoded, ten downloaded and scaled on the CPU"
        yield Row("decoding", f"file to answer, NVDEC, {threads} threads", rate, "clips/s", note)


def _answer(engine: Engine, decode: Decode, path: Path, count: int, threads: int) -> float:
    """Return clips a second, from the first file to the last answer."""
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as workers:
        waiting: list[np.ndarray] = []
        for number, frames in enumerate(workers.map(decode, [path] * count), 1):
            waiting.append(frames)
            if len(waiting) == _BATCH or number == count:
                engine.predict(np.stack(waiting))
                waiting.clear()
    return count / (time.perf_counter() - start)


def decode_on_card(path: Path) -> np.ndarray:
    """Decode ten frames (10, 128, 128, 3) of a video on the GPU. Raises `RuntimeError` if it cannot."""
    spec = ClipSpec()
    height, width = spec.size
    reformatter = VideoReformatter()
    kept = []
    with av.open(str(path), hwaccel=HWAccel("cuda", allow_software_fallback=False)) as container:
        stream = container.streams.video[0]
        if not stream.codec_context.is_hwaccel:
            raise RuntimeError("the driver offers no hardware decoder for this stream")
        wanted = {(2 * i + 1) * stream.frames // (2 * spec.frames) for i in range(spec.frames)}
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                scaled = reformatter.reformat(frame, width, height, "rgb24", interpolation="BICUBIC", threads=1)
                kept.append(scaled.to_ndarray())
    return np.stack(kept)
