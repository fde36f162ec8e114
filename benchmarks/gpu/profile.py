"""Where a training step spends its time: the kernels that take most of it."""

from collections import Counter
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity

from benchmarks.gpu.rows import Row, attempt
from benchmarks.gpu.timing import Setting
from benchmarks.gpu.training import MAKERS, Forward, make_step

_STEPS = 3
_KERNELS = 10  # that get a row
_NAME = 70  # characters of a kernel's name


def profile(kind: str, setting: Setting) -> Iterator[Row]:
    """Profile the trainer's step, with PyTorch's kernels and with this project's."""
    for name in ("ours", "ours, --fused"):
        yield from attempt(f"profile {kind}", name, lambda name=name: _rows(kind, name, MAKERS[name], setting))


def _rows(kind: str, name: str, make: Callable[[nn.Module], Forward], setting: Setting) -> Iterator[Row]:
    step = make_step(kind, make, setting)
    step()  # which compiles
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if setting.device.type == "cuda" else [])]
    with torch.profiler.profile(activities=activities) as profiler:
        for _ in range(_STEPS):
            step()
        if setting.device.type == "cuda":
            torch.cuda.synchronize(setting.device)
    spent = _spent(profiler, setting.device)
    total = sum(spent.values())
    for kernel, microseconds in spent.most_common(_KERNELS):
        note = f"{microseconds / _STEPS / 1e3:.2f} of {total / _STEPS / 1e3:.1f} ms a step of {setting.training_batch}"
        yield Row(f"profile {kind}", f"{name}: {kernel[:_NAME]}", 100 * microseconds / total, "%", note)


def _spent(profiler: torch.profiler.profile, device: torch.device) -> Counter[str]:
    """Sum the microseconds of each kernel on a GPU; on a CPU, of each PyTorch operator without its callees."""
    spent: Counter[str] = Counter()
    for event in profiler.key_averages():
        if device.type == "cuda" and event.device_type == DeviceType.CUDA and not event.is_user_annotation:
            spent[event.key] += event.self_device_time_total
        elif device.type != "cuda":
            spent[event.key] += event.self_cpu_time_total
    return spent
