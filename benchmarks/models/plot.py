"""Accuracy of released models against the latency of their architectures."""

from collections.abc import Mapping
from pathlib import Path

from training.reporting.plots.style import BLUE, figure
from videoxception.manifest import Metrics
from videoxception.store import ModelStore


def accuracies(store: ModelStore) -> dict[str, Metrics]:
    """Return the figures of the newest version of each released model that was measured, by its architecture."""
    found = {}
    for name in store.versions():
        manifest = store.load(name).manifest
        if manifest.metrics is not None:
            found[manifest.architecture.name] = manifest.metrics
    return found


def draw(speeds: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Plot top-1 with its interval against milliseconds of one clip."""
    with figure(path, "Top-1 of released models against the latency of a clip", 7, 5) as drawn:
        axes = drawn.subplots()
        for name, metrics in accuracies(ModelStore()).items():
            if "ms" not in speeds.get(name, {}):
                continue
            low, high = metrics.intervals["top1"]
            ms = speeds[name]["ms"]
            axes.errorbar(ms, metrics.top1, [[metrics.top1 - low], [high - metrics.top1]], color=BLUE, marker="o")
            axes.annotate(name, (ms, metrics.top1), textcoords="offset points", xytext=(6, 4))
        axes.set_xscale("log")
        axes.set_xlabel("milliseconds of a clip")
        axes.set_ylabel("top-1")
