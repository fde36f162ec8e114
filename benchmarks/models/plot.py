"""Accuracy of released models against their latency."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.models.measuring import Speed
from training.reporting.plots.style import BLUE, figure
from videoxception.store import Release


def draw(measured: Sequence[tuple[Release, Speed]], path: Path) -> None:
    """Plot top-1 of releases with its interval against milliseconds of one clip, each of its own graph."""
    with figure(path, "Top-1 of released models against the latency of a clip", 7, 5) as drawn:
        axes = drawn.subplots()
        for release, speed in measured:
            metrics = release.manifest.metrics
            assert metrics is not None, f"{release} has no figures"
            top1, (low, high) = 100 * metrics.top1, (100 * side for side in metrics.intervals["top1"])
            axes.errorbar(speed.ms, top1, [[top1 - low], [high - top1]], color=BLUE, marker="o", capsize=3)
            axes.annotate(f"{release}, {speed.precision}", (speed.ms, top1), textcoords="offset points", xytext=(6, 4))
        axes.set_xlim(left=0, right=1.3 * max(speed.ms for _, speed in measured))
        axes.set_xlabel("milliseconds of the network, a clip")
        axes.set_ylabel("top-1, % (95 % interval)")
