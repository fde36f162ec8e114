"""The machine that a run trains on: its device, its heap, and known faults of its libraries."""

import ctypes
import os
import platform
from collections.abc import Iterator

import torch

from training.errors import TrainingError


def find_device(name: str) -> torch.device:
    """Return the device of this name, made the current one, deterministic where it can be. Raises `TrainingError`."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise TrainingError(f"the device {name!r} cannot be used: {str(error).splitlines()[0]}") from error
    if device.type == "cuda":
        if device.index is not None:
            torch.cuda.set_device(device)  # Triton launches on the current one
        make_repeatable()
    return device


def make_repeatable() -> None:
    """Make GPUs give the same weights from the same seed, where PyTorch can; where not, it warns."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # no write before writing


def version_warnings(version: str = torch.__version__, cudnn: int | None = None) -> Iterator[str]:
    """Yield a sentence for each known fault of these versions.

    Training itself runs on 2-D layers (nets/planar.py) and is not affected; evaluation and export run 3-D ones.

    Args:
        cudnn: as `torch.backends.cudnn.version()` gives it.
    """
    if version.startswith("2.9."):
        yield f"PyTorch {version} is up to 4 times slower at 3-D convolutions in bf16 (pytorch#166122); 2.10 is not"
    if cudnn is not None and 90800 <= cudnn < 91500:
        shown = f"{cudnn // 10000}.{cudnn // 100 % 100}.{cudnn % 100}"
        yield f"cuDNN {shown} gives wrong 3-D convolutions in bf16 (pytorch#163539, #167024); 9.15 or newer does not"


_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's malloc.h


def keep_heap() -> bool:
    """Make this process keep freed memory for the next tensor; return False where the C library has no such setting.

    A training step allocates and frees tensors of many megabytes. glibc maps each of more than 32 MiB anew and unmaps
    it after use; and the kernel zeroes every page, which may take longer than all that is then computed. The process
    then never gives memory back, and as tensors come in many sizes, that is more than it ever used at once. Large ones
    that other threads allocate are not kept. https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, -1))
