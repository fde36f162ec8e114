"""A look at an installation: what will be used to answer, and what is wrong. It starts where nothing is installed."""

import os
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from videoxception import bundled
from videoxception.cores import cores

_EXTRAS = {
    "cpu": "openvino",
    "torch": "torch",
    "train": "tensorboard",
    "parquet": "pyarrow",
    "ray": "ray",
    "monitoring": "pynvml",
}
_LEAST_FREE = 2**30  # bytes for uploads
_LEAST_FILES = 256


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found; a remedy says that it is wrong, and how to mend it."""

    what: str
    said: str
    remedy: str = ""


def findings(model: str, store: str, device: str) -> Iterator[Finding]:
    """Look at one thing after the other, and yield what was found."""
    yield _program()
    yield _extras()
    if any(find_spec(name) is None for name in ("av", "numpy", "openvino")):
        yield Finding("answers", "what answers is not installed", "pip install 'videoxception[cpu]', or use --url")
        return
    yield _gpu()
    yield _guarded("models", lambda: _models(store))
    yield _guarded("engine", lambda: _engine(model, store, device))
    yield _guarded("decoders", _decoders)
    yield _machine()
    yield _temporary_folder()
    yield _settings()


def _guarded(what: str, look: Callable[[], Finding]) -> Finding:
    """Return what a look finds, or its error as a finding."""
    try:
        return look()
    except Exception as error:  # whatever it is, it is what the user wants to be told
        return Finding(what, f"{type(error).__name__}: {error}", "see the message; `videoxception models` checks files")


def _program() -> Finding:
    said = f"{version('videoxception')} in {bundled.ROOT}, Python {platform.python_version()}, {platform.platform()}"
    return Finding(
        "videoxception", said, "" if platform.system() == "Linux" else "decoders need Linux: use a container"
    )


def _extras() -> Finding:
    there = [name for name, module in _EXTRAS.items() if find_spec(module)]
    return Finding("extras", ", ".join(there) or "none: a client of services only")


def _gpu() -> Finding:
    if not Path("/dev/nvidiactl").exists():
        return Finding("GPU", "none that NVIDIA's driver shows")
    if find_spec("torch") is None:
        return Finding("GPU", "there, but PyTorch is not installed", "pip install 'videoxception[torch]'")
    return Finding("GPU", "there, with PyTorch")


def _models(store: str) -> Finding:
    from videoxception.store import ModelStore

    found = ModelStore.from_path(store).listed()
    broken = [f"{name}@{number}" for (name, number), release in found.items() if release is None]
    said = ", ".join(f"{name}@{number}" for name, number in found) or "none"
    if not found:
        return Finding("models", said, "install the package again, or name a store by --store or VX_MODEL_STORE")
    return Finding("models", said, f"remove or copy again: {', '.join(broken)}" if broken else "")


def _engine(model: str, store: str, device: str) -> Finding:
    """Load the model, which checks its files and its golden answers, and time a clip."""
    import numpy as np

    from videoxception.engine import create
    from videoxception.store import ModelStore

    release = ModelStore.from_path(store).load(model)
    engine = create(release, device)
    clip = np.zeros((1, *release.manifest.clip.shape), np.uint8)
    begun = time.monotonic()
    engine.predict(clip)
    milliseconds = 1000 * (time.monotonic() - begun)
    return Finding("engine", f"{release} on {engine.device} in {engine.precision}, {milliseconds:.0f} ms a clip")


def _decoders() -> Finding:
    """Start a decoder process and look what it could take away from itself."""
    from videoxception.video.pool import DecoderPool

    with DecoderPool(1) as pool:
        deadline = time.monotonic() + 20
        while not pool.ready and time.monotonic() < deadline:
            time.sleep(0.05)
        started, missing = pool.ready, pool.counts.missing
    if not started:
        return Finding("decoders", "no process can be started", "memory, or limits on processes, are short")
    said = f"PyAV {version('av')}, each in a sandbox of its own"
    if missing:
        remedy = "a newer kernel, or a container's profile that allows Landlock and seccomp"
        return Finding("decoders", f"{said}, without {'; '.join(missing)}", remedy)
    return Finding("decoders", said)


def _machine() -> Finding:
    from videoxception.video.memory import container_limit

    memory = (container_limit() or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) / 2**30
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    said = f"{cores()} cores, {memory:.0f} GiB of memory, {files:,} open files allowed"
    return Finding("machine", said, "ulimit -n 1024" if 0 <= files < _LEAST_FILES else "")


def _temporary_folder() -> Finding:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:.1f} GiB free in {folder}"
    return Finding("uploads", said, "make room, or set VX_TEMP_DIR for the service" if free < _LEAST_FREE else "")


def _settings() -> Finding:
    """Have the service read its settings."""
    done = bundled.run("app.settings")
    if done.returncode:
        return Finding("service", done.stderr.strip(), "docs/reference/settings.md has all settings")
    return Finding("service", done.stdout.strip())
