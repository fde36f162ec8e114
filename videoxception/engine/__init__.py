"""Released model -> logits, fast. One file a backend, one protocol; `create` picks the backend for a device."""

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from videoxception.engine.base import Engine, EngineError, FloatPrecision, OutOfMemory, Precision, Unsuitable
from videoxception.store import Release

__all__ = ["Engine", "EngineError", "OutOfMemory", "create"]

_log = logging.getLogger(__name__)


def create(
    release: Release,
    device: str = "auto",
    precision: Literal["auto"] | Precision = "auto",
    cache: Path | None = None,
) -> Engine:
    """Create an engine for a released model.

    Args:
        release: The model.
        device: "cpu", "cuda", "cuda:N" or "auto": a GPU if there is one and torch is installed, else the CPU.
        precision: "auto" is bf16 on a GPU, and the fastest precision that the CPU and the model support on a CPU.
        cache: A folder in which the CPU engine keeps compiled models for later starts; None keeps nothing.

    Raises:
        EngineError: The device, the precision or a library is not available.
    """
    if device == "auto":
        device = "cuda" if _has_gpu() else "cpu"
    if device == "cpu":
        if find_spec("openvino") is None:
            raise EngineError("the device 'cpu' needs OpenVINO: pip install 'videoxception[cpu]'")
        from videoxception.engine.openvino import OpenVINOEngine

        return OpenVINOEngine(release, precision, cache)
    if device.partition(":")[0] != "cuda":
        raise EngineError(f"the device must be auto, cpu, cuda or cuda:N, but got {device!r}")
    if precision == "int8":
        raise EngineError("int8 is for CPUs; on a GPU, ask for bf16, f32 or auto")
    if find_spec("torch") is None:
        raise EngineError(f"the device {device!r} needs PyTorch: pip install 'videoxception[torch]'")
    return _on_gpu(release, device, precision)


def _on_gpu(release: Release, device: str, precision: Literal["auto"] | FloatPrecision) -> Engine:
    """Return an engine of fused kernels if they can run on the device, else one of plain PyTorch."""
    try:
        from videoxception.engine.cuda import CudaEngine

        return CudaEngine.load(release, device, precision)
    except (ImportError, Unsuitable) as reason:
        _log.warning("%s runs in plain PyTorch on %s, which is slow: %s", release, device, reason)
    from videoxception.engine.torch_reference import TorchEngine

    return TorchEngine(release, device, precision)


def _has_gpu() -> bool:
    """Check for a GPU without importing torch, which CPU serving never does."""
    return Path("/dev/nvidiactl").exists() and find_spec("torch") is not None
