"""Prometheus collector of NVIDIA GPUs, where there are any and nvidia-ml-py is installed."""

from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


def find_gpus() -> Collector | None:
    """Return a collector of the gauges, or None without a GPU or without nvidia-ml-py."""
    try:
        nvml = import_module("pynvml")
        nvml.nvmlInit()
    except Exception:  # not installed, no driver, or no right to ask it: serving goes on without these gauges
        return None
    return _Gpus(nvml)


class _Gpus(Collector):
    def __init__(self, nvml: ModuleType) -> None:
        self._nvml = nvml
        self._readings: tuple[tuple[str, str, Callable[[object], float]], ...] = (
            ("utilization_ratio", "Share of the last moments in which a kernel ran.", self._utilization),
            ("memory_used_bytes", "Memory in use, by any process.", lambda gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).used),
            ("memory_bytes", "Memory that there is.", lambda gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).total),
            ("power_watts", "Power that is drawn.", lambda gpu: nvml.nvmlDeviceGetPowerUsage(gpu) / 1000),
            ("temperature_celsius", "Temperature of the chip.", lambda gpu: nvml.nvmlDeviceGetTemperature(gpu, 0)),
        )

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; what a card does not report is left out."""
        for name, what, read in self._readings:
            gauge = GaugeMetricFamily(f"videoxception_gpu_{name}", what, labels=["gpu"])
            for index in range(self._nvml.nvmlDeviceGetCount()):
                try:
                    gauge.add_metric([str(index)], read(self._nvml.nvmlDeviceGetHandleByIndex(index)))
                except self._nvml.NVMLError:
                    continue
            yield gauge

    def _utilization(self, gpu: object) -> float:
        return float(self._nvml.nvmlDeviceGetUtilizationRates(gpu).gpu) / 100
