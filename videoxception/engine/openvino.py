"""Released models on CPUs, by OpenVINO. Imports no torch."""

import logging
import os
import threading
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Literal, Self

import numpy as np
import openvino as ov

from videoxception.clip import Frames
from videoxception.engine.base import Choice, EngineError, FloatPrecision, Logits, Precision, check_frames
from videoxception.store import Release

_log = logging.getLogger(__name__)


class OpenVINOEngine:
    """A graph for one clip, compiled for latency (all cores on one clip) and for throughput (several clips at once).

    A single clip takes the first, a batch the second; so does a single clip while other work needs the cores. The
    graph's batch size is 1, so that a clip's logits cannot depend on other clips; both forms give the same bits.
    Compiled models are kept in the folder `cache`, if one is given, for the next start; OpenVINO looks them up by
    graph, settings, CPU and its own version.
    """

    device = "cpu"

    def __init__(
        self,
        release: Release,
        precision: Literal["auto"] | Precision = "auto",
        cache: Path | None = None,
        streams: int | None = None,
    ) -> None:
        self._core = ov.Core()
        if cache is not None and usable(cache):
            self._core.set_property({"CACHE_DIR": str(cache)})
        self.precision: Precision = usual_precisions(release)[0] if precision == "auto" else precision
        if self.precision == "int8" and not release.int8_graph.exists():
            raise EngineError(f"{release} was released without an int8 graph; ask for bf16, f32 or auto")
        graph, self._floats = graph_of(self._core, release, self.precision)
        self._shape, self._outputs = release.manifest.clip.shape, release.manifest.outputs
        self._lock = threading.Lock()
        self._busy: Callable[[], bool] = lambda: False
        try:
            self._model = self._core.read_model(graph)
            self._model.reshape({0: [1, *self._shape]})
            self._latency = self._compile({"PERFORMANCE_HINT": "LATENCY"})
            self._alone = self._latency.create_infer_request()
            self._split(streams)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot run {graph}: {error}") from error
        self.choice = Choice(self.precision, self.streams, "asked")

    def _compile(self, hints: dict[str, str]) -> ov.CompiledModel:
        # The precision is always set: by default, OpenVINO uses bf16 on every CPU that has it. And it would bind each
        # thread to a core, where it waits for decoders, or for another service whose threads are bound to the same.
        usual = {"INFERENCE_PRECISION_HINT": self._floats, "ENABLE_CPU_PINNING": False}
        return self._core.compile_model(self._model, "CPU", usual | hints)

    def _split(self, streams: int | None) -> None:
        """Split the cores among so many clips; None leaves their number to OpenVINO."""
        split = {} if streams is None else {"NUM_STREAMS": str(streams)}
        model = self._latency if streams == 1 else self._compile({"PERFORMANCE_HINT": "THROUGHPUT", **split})
        self._several = ov.AsyncInferQueue(model, streams or 0)
        self._beside = model.create_infer_request()

    @property
    def streams(self) -> int:
        """How many clips of a batch it computes side by side."""
        return len(self._several)

    def with_streams(self, streams: int) -> Self:
        """Return an engine for the same model with the cores split among so many clips; both wait for each other."""
        other = copy(self)
        other._split(streams)
        return other

    def share(self, busy: Callable[[], bool]) -> None:
        """Leave cores to other work while there is some: threads that wait for each other wait for it, too."""
        self._busy = busy

    def predict(self, frames: Frames) -> Logits:
        """Compute logits float32 (B, K or K + 1) from clips uint8 (B, F, H, W, 3)."""
        check_frames(frames, self._shape)
        with self._lock:
            rows = [self._predict_one(frames)] if len(frames) == 1 else self._predict_several(frames)
        return np.concatenate(rows) if rows else np.empty((0, self._outputs), np.float32)

    def _predict_one(self, clip: Frames) -> Logits:
        request = self._beside if self._busy() else self._alone
        logits: Logits = request.infer([np.ascontiguousarray(clip)])[0].copy()
        return logits

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
        return release.int8_graph, native_precision(core)
    return release.graph, precision


def usable(cache: Path) -> bool:
    """Create the cache folder; return whether it can be written. Only its owner has access: its content is executed."""
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        _log.warning("compiled models are not kept: %s", error)
        return False
    return os.access(cache, os.W_OK)


def usual_precisions(release: Release) -> list[Precision]:
    """Return the precisions of which the first that is right is taken where nothing was measured: the last is f32.

    On CPUs that multiply bf16, int8 and bf16 are faster than f32. On others, only measurement tells.
    """
    if native_precision(ov.Core()) == "f32":
        return ["f32"]
    return ["int8", "bf16", "f32"] if _has_int8(release) else ["bf16", "f32"]


def possible_precisions(release: Release) -> list[Precision]:
    """Return the usual precisions, and the others that this CPU may be faster in."""
    usual = usual_precisions(release)
    return [*usual, "int8"] if "int8" not in usual and _has_int8(release) else usual


def _has_int8(release: Release) -> bool:
    """Return whether a model was released with int8, and its answers were near enough to those in f32."""
    return release.manifest.int8 is not None and release.manifest.int8.passed


def native_precision(core: ov.Core) -> FloatPrecision:
    """Return bf16 if the CPU multiplies in it, else f32: emulated bf16 is both slower and less exact."""
    return "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
