"""What was measured on this CPU, kept beside the compiled models; and choices that somebody has pinned in a file."""

import hashlib
import json
import logging
import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import openvino as ov
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from videoxception.cores import cores
from videoxception.engine.base import EngineError, Precision
from videoxception.store import INT8_GRAPH, WEIGHTS, Release

Streams = Annotated[int, Field(ge=1)]

_LIMITS = ("OV_CPU_MAX_ISA", "ONEDNN_MAX_CPU_ISA")  # variables that hide instruction sets from OpenVINO
_CHOSEN_BY = (
    *("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16", "amx_fp16"),
    *("asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2"),  # of Arm
)
_log = logging.getLogger(__name__)
_seen: "dict[str, Measured]" = {}  # by key, in this process


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Measured(_Strict):
    """What is fastest on a CPU, and the figures: CPU milliseconds of a clip by precision, clips a second by
    streams.

    `cpu` and `openvino` are for people: a file is found by its name.
    """

    cpu: str
    openvino: str
    precision: Precision
    streams: Streams
    cpu_ms: dict[Precision, float]
    clips_per_second: dict[Streams, float]

    def __str__(self) -> str:
        work = ", ".join(f"{ms:g} in {precision}" for precision, ms in self.cpu_ms.items())
        rates = ", ".join(f"{rate:g} with {streams}" for streams, rate in self.clips_per_second.items())
        return f"CPU ms a clip: {work}; clips a second by streams: {rates}; taken: {self.precision} with {self.streams}"


class Pin(_Strict):
    """How a model is to be run, whatever would be measured; None leaves it open."""

    precision: Precision | None = None
    streams: Streams | None = None


def cpu_name() -> str:
    """Return the CPU's name as OpenVINO has it. Virtual machines of different CPUs may have the same."""
    name: str = ov.Core().get_property("CPU", "FULL_DEVICE_NAME")
    return name


def openvino_version() -> str:
    """Return the version of OpenVINO, whose kernels are as fast as they are."""
    return str(ov.__version__)


def recall(release: Release, cache: Path | None) -> Measured | None:
    """Return what was measured for a model on this CPU, by this process or an earlier one; None if nothing was."""
    if not _is_published(release):
        return None
    key = _key(release)
    if key not in _seen and cache is not None:
        try:
            _seen[key] = Measured.model_validate_json(_file(cache, release, key).read_bytes())
        except (OSError, ValidationError):  # not there, or not whole: it is measured again
            return None
    return _seen.get(key)


def remember(release: Release, measured: Measured, cache: Path | None) -> None:
    """Keep what was measured for later engines, and for later processes if there is a folder for it."""
    if not _is_published(release):
        return
    key = _key(release)
    _seen[key] = measured
    if cache is None:
        return
    path = _file(cache, release, key)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(measured.model_dump_json(indent=1))
        partial.replace(path)
    except OSError as error:
        _log.warning("what was measured is not kept: %s", error)


def read_pins(path: Path | None) -> dict[str, Pin]:
    """Return what a file pins, by "name@version"; nothing without a file.

    Raises:
        EngineError: The file cannot be read, or is not of the form {"name@1": {"precision": "int8", "streams": 2}}.
    """
    if path is None:
        return {}
    try:
        return TypeAdapter(dict[str, Pin]).validate_json(path.read_bytes())
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"])) or "it"
        raise EngineError(f"{path} does not pin how models are run: {where}: {wrong['msg']}") from error


def _is_published(release: Release) -> bool:
    """Return whether hashes tell the model from others; those of a finished run's weights were never computed."""
    return WEIGHTS in release.manifest.files


def _file(cache: Path, release: Release, key: str) -> Path:
    return cache / f"{release.manifest.name}-{key}.json"


def _key(release: Release) -> str:
    """Return what tells this CPU, as this process may use it, this OpenVINO and this model from others."""
    core, files = ov.Core(), release.manifest.files
    facts = [
        [cpu_name(), core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"), _features(), cores()],
        [os.environ.get(name, "") for name in _LIMITS],
        openvino_version(),
        [files[WEIGHTS], files.get(INT8_GRAPH[1], ""), release.manifest.golden.model_dump_json()],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def cpu_kind() -> str:
    """Return what numbers depend on: the instruction sets that this CPU has of those that kernels choose by."""
    features = _features().partition(":")[2].split()
    limits = [f"{name}={os.environ[name]}" for name in _LIMITS if os.environ.get(name)]
    return " ".join([platform.machine(), *(name for name in _CHOSEN_BY if name in features), *limits])


def _features() -> str:
    """Return the line of the CPU's features; empty where the system does not say."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return ""
