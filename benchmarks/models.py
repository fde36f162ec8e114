"""The built-in models by accuracy and cost, as a plot: `python -m benchmarks.models --out docs/images/models.svg`."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from training.reporting.plots.style import BLUE, figure
from videoxception.manifest import Manifest
from videoxception.nets import create
from videoxception.nets.cost import cost_of
from videoxception.store import BUILT_IN, ModelStore

_CROWDED = 2  # times the cost: from one model to the next there is room for a name only beyond


@dataclass(frozen=True, slots=True)
class Point:
    """A model: its name, multiply-adds of a clip, top-1 and its 95 % interval."""

    name: str
    multiply_adds: int
    top1: float
    interval: tuple[float, float]


def points(manifests: Iterable[Manifest]) -> list[Point]:
    """Return the models whose accuracy was measured, the cheapest first."""
    measured = [
        Point(f"{manifest.name}@{manifest.version}", _multiply_adds(manifest), metrics.top1, metrics.intervals["top1"])
        for manifest in manifests
        if (metrics := manifest.metrics) is not None
    ]
    return sorted(measured, key=lambda point: point.multiply_adds)


def draw(points: Sequence[Point], path: Path) -> None:
    """Plot accuracy against cost."""
    with figure(path, "Accuracy and cost of the models", 7, 4) as drawn:
        axes = drawn.subplots()
        for point, dearer in zip_longest(points, points[1:]):
            crowded = dearer is not None and dearer.multiply_adds < _CROWDED * point.multiply_adds
            _mark(axes, point, "right" if crowded else "left")
        axes.set_xscale("log")
        axes.set_xlim(0.5, 10)
        axes.set_xticks([0.5, 1, 2, 5, 10], labels=["0.5 G", "1 G", "2 G", "5 G", "10 G"])
        axes.set_xticks([], minor=True)
        axes.set_ylim(0.5, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xlabel("multiply-adds for a video")
        axes.set_ylabel("top-1, on source videos held out")


def _mark(axes: Axes, point: Point, side: Literal["left", "right"]) -> None:
    """Mark a model; its name's `side` is at the mark."""
    x, low, high = point.multiply_adds / 1e9, *point.interval
    axes.errorbar(x, point.top1, [[point.top1 - low], [high - point.top1]], fmt="o", color=BLUE, capsize=3)
    words = f"{point.name}\n{point.top1:.1%}"
    away = 9 if side == "left" else -9
    axes.annotate(words, (x, point.top1), (away, 0), textcoords="offset points", ha=side, va="center")


def _multiply_adds(manifest: Manifest) -> int:
    """Return the multiply-adds of a clip, counted where an older release does not say."""
    if manifest.cost is not None and manifest.cost.multiply_adds is not None:
        return manifest.cost.multiply_adds
    net = create(manifest.architecture.name, len(manifest.classes), **manifest.architecture.arguments)
    return cost_of(net, manifest.clip).multiply_adds or 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the newest version of each built-in model."""
    parser = argparse.ArgumentParser(prog="benchmarks.models", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="file to write (.svg, .png)")
    path = parser.parse_args(arguments).out
    store = ModelStore(built_in=BUILT_IN)
    draw(points(store.load(name).manifest for name in store.versions()), path)


if __name__ == "__main__":
    main()
