"""Released model -> logits, fast. One file a backend, one protocol; `create` picks the backend for a device.

An engine is only ever given out after it gave the model's golden answers.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from videoxception.engine.base import Engine, EngineError, OutOfMemory, Precision
from videoxception.engine.choice import first_right
from videoxception.store import Release

__all__ = ["Engine", "EngineError", "OutOfMemory", "create"]


def create(
    release: Release,
    device: str = "auto",
    precision: Literal["auto"] | Precision = "auto",
    cache: Path | None = None,
    *,
    streams: int | None = None,
    pins: Path | None = None,
) -> Engine:
    """Create an engine for a released model: the fastest that gives its golden answers.

    Engines that do not are passed over, with one logged error each.

    Args:
        release: The model.
        device: "cpu", "cuda", "cuda:N" or "auto": a GPU if there is one and torch is installed, else the CPU.
        precision: What it computes in; no other is tried. "auto" is the fastest that the device and the model support
            and whose answers are right; on a CPU, that is measured when the model is first created there.
        cache: A folder in which the CPU engine keeps compiled models, and what was measured, for later starts; None
            keeps nothing.
        streams: How many clips of a batch a CPU computes side by side; None leaves it to measurement.
        pins: A file that says how CPUs run models, instead of measuring.

    Raises:
        EngineError: The device, the precision or a library is not available, or no engine is right.
    """
    if device == "auto":
        device = "cuda" if _has_gpu() else "cpu"
    if device == "cpu":
        return _on_cpu(release, precision, streams, cache, pins)
    if device.partition(":")[0] != "cuda":
        raise EngineError(f"the device must be auto, cpu, cuda or cuda:N, but got {device!r}")
    if precision == "int8":
        raise EngineError("int8 is for CPUs; on a GPU, ask for bf16, f32 or auto")
    if find_spec("torch") is None:
        raise EngineError(f"the device {device!r} needs PyTorch: pip install 'videoxception[torch]'")
    from videoxception.engine.cuda_candidates import candidates

    return first_right(release, device, candidates(release, device, precision))


def _on_cpu(
    release: Release,
    precision: Literal["auto"] | Precision,
    streams: int | None,
    cache: Path | None,
    pins: Path | None,
) -> Engine:
    if find_spec("openvino") is None:
        raise EngineError("the device 'cpu' needs OpenVINO: pip install 'videoxception[cpu]'")
    from videoxception.engine.cpu_choice import create_engine
    from videoxception.engine.kept_choices import read_pins

    return create_engine(release, precision, streams, cache, read_pins(pins).get(str(release)))


def _has_gpu() -> bool:
    """Check for a GPU without importing torch, which CPU serving never does."""
    return Path("/dev/nvidiactl").exists() and find_spec("torch") is not None
