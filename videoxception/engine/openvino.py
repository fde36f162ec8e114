"""Released models on CPUs, by OpenVINO. Imports no torch."""

import logging
import os
import threading
from pathlib import Path
from typing import Literal

import numpy as np
import openvino as ov

from videoxception.clip import Frames
from videoxception.engine.base import EngineError, FloatPrecision, Logits, Precision, check_frames
from videoxception.store import Release

_log = logging.getLogger(__name__)


class OpenVINOEngine:
    """A graph for one clip, compiled for latency (all cores on one clip) and for throughput (several clips at once).

    A single clip takes the first, a batch the second. The graph's batch size is 1, so that a clip's logits cannot
    depend on other clips; both forms give the same bits. Compiled models are kept in the folder `cache`, if one is
    given, for the next start; OpenVINO looks them up by graph, settings, CPU and its own version.
    """

    device = "cpu"

    def __init__(
        self, release: Release, precision: Literal["auto"] | Precision = "auto", cache: Path | None = None
    ) -> None:
        core = ov.Core()
        if cache is not None and _usable(cache):
            core.set_property({"CACHE_DIR": str(cache)})
        self.precision: Precision = best_precisions(release)[0] if precision == "auto" else precision
        if self.precision == "int8" and not release.int8_graph.exists():
            raise EngineError(f"{release} was released without an int8 graph; ask for bf16, f32 or auto")
        graph, floats = graph_of(core, release, self.precision)
        self._shape, self._outputs = release.manifest.clip.shape, release.manifest.outputs
        try:
            model = core.read_model(graph)
            model.reshape({0: [1, *self._shape]})
            # The precision is always set: by default, OpenVINO uses bf16 on every CPU that has it.
            alone, several = (
                core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": floats, "PERFORMANCE_HINT": hint})
                for hint in ("LATENCY", "THROUGHPUT")
            )
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot run {graph}: {error}") from error
        self._alone = alone.create_infer_request()
        self._several = ov.AsyncInferQueue(several)
        self._lock = threading.Lock()

    def predict(self, frames: Frames) -> Logits:
        """Compute logits float32 (B, K or K + 1) from clips uint8 (B, F, H, W, 3)."""
        check_frames(frames, self._shape)
        with self._lock:
            rows = self._predict_one(frames) if len(frames) == 1 else self._predict_several(frames)
        return np.concatenate(rows) if rows else np.empty((0, self._outputs), np.float32)

    def _predict_one(self, clip: Frames) -> list[Logits]:
        return [self._alone.infer([np.ascontiguousarray(clip)])[0].copy()]

    def _predict_several(self, clips: Frames) -> list[Logits]:
        rows: dict[int, Logits] = {}
        self._several.set_callback(lambda request, i: rows.update({i: request.get_output_tensor().data.copy()}))
        for i, clip in enumerate(clips):
            self._several.start_async([np.ascontiguousarray(clip)[None]], i)
        self._several.wait_all()
        return [rows[i] for i in range(len(clips))]


def graph_of(core: ov.Core, release: Release, precision: Precision) -> tuple[Path, FloatPrecision]:
    """Return the graph for a precision, and the precision of its floating-point operations."""
    if precision == "int8":
        return release.int8_graph, _native_precision(core)
    return release.graph, precision


def _usable(cache: Path) -> bool:
    """Create the cache folder; return whether it can be written. Only its owner has access: its content is executed."""
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        _log.warning("compiled models are not kept: %s", error)
        return False
    return os.access(cache, os.W_OK)


def best_precisions(release: Release) -> list[Precision]:
    """Return the precisions to try on this CPU, from the fastest to f32.

    int8 is among them if the model was released with it and passed its check, and the CPU is fast in it: CPUs with bf16
    multiply 8-bit integers in one step; on older ones sums may overflow, or int8 may gain nothing.
    """
    native, int8 = _native_precision(ov.Core()), release.manifest.int8
    if native == "f32":
        return ["f32"]
    return ["int8", "bf16", "f32"] if int8 is not None and int8.passed else ["bf16", "f32"]


def _native_precision(core: ov.Core) -> FloatPrecision:
    """Return bf16 if the CPU multiplies in it, else f32: emulated bf16 is both slower and less exact."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
