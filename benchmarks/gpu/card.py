"""The GPU's measured peaks: memory bandwidth and bf16 matrix products."""

import sys
from collections.abc import Iterator

import torch
import triton

from benchmarks.gpu.rows import Row, attempt
from benchmarks.gpu.timing import Setting, seconds_a_call


def card(setting: Setting, size: int = 8192, copied: int = 2**32) -> Iterator[Row]:
    """Measure the GPU with square matrices of `size` and copies of `copied` bytes."""
    yield from attempt("card", "card", lambda: _about(setting))
    yield from attempt("card", "copy", lambda: _copy(setting, copied))
    yield from attempt("card", "matrix product", lambda: _product(setting, size))
    yield from attempt("card", "host to device", lambda: _upload(setting, copied // 16))


def _about(setting: Setting) -> Iterator[Row]:
    memory = torch.cuda.get_device_properties(setting.device).total_memory if setting.device.type == "cuda" else 0
    name = torch.cuda.get_device_name(setting.device) if setting.device.type == "cuda" else "CPU"
    versions = f"torch {torch.__version__}, Triton {triton.__version__}, Python {sys.version.split()[0]}"
    yield Row("card", name, memory / 2**30, "GiB", versions)


def _copy(setting: Setting, size: int) -> Iterator[Row]:
    source = torch.randint(0, 256, (size,), dtype=torch.uint8, device=setting.device)
    target = torch.empty_like(source)
    taken = seconds_a_call(lambda: target.copy_(source), setting)
    yield Row("card", "copy on the device", 2 * size / taken / 1e12, "TB/s", "read and written")


def _product(setting: Setting, size: int) -> Iterator[Row]:
    left, right = (torch.randn(size, size, device=setting.device, dtype=torch.bfloat16) for _ in range(2))
    taken = seconds_a_call(lambda: left @ right, setting)
    yield Row("card", "bf16 matrix product", 2 * size**3 / taken / 1e12, "TFLOP/s", f"{size} x {size}, drawn numbers")


def _upload(setting: Setting, size: int) -> Iterator[Row]:
    source = torch.zeros(size, dtype=torch.uint8, pin_memory=setting.device.type == "cuda")
    target = torch.empty(size, dtype=torch.uint8, device=setting.device)
    taken = seconds_a_call(lambda: target.copy_(source, non_blocking=True), setting)
    yield Row("card", "copy from pinned memory", size / taken / 1e9, "GB/s")
