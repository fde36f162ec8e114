"""Which classes are taken for which."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.ticker import PercentFormatter

from training.reporting.plots.style import figure
from videoxception.manifest import Metrics

_ROOM_FOR_NUMBERS = 30  # classes; with more, a cell is too small to be written in


def draw_confusion(path: Path, title: str, metrics: Metrics) -> Path:
    """Draw a row for each true class that has items, a column for each class; shares of rows, counts if they fit."""
    counts = np.array(metrics.confusion)
    rows = np.flatnonzero(counts.sum(1))
    names = list(metrics.per_class)
    cell, letters = (0.42, 9) if len(names) <= _ROOM_FOR_NUMBERS else (0.165, 6.5)
    width, height = 3.4 + cell * len(names), 2.5 + cell * len(rows)
    with figure(path, f"{title}: {metrics.n} items, top-1 {metrics.top1:.1%}", width, height) as drawn:
        axes = drawn.subplots()
        shares = counts[rows] / counts[rows].sum(1, keepdims=True)
        image = axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.6, 0, 1), aspect="equal")
        _name_axes(axes, [f"{names[row]}  {counts[row].sum()}" for row in rows], names, letters)
        if len(names) <= _ROOM_FOR_NUMBERS:
            _write_counts(axes, counts[rows], shares)
        bar = drawn.colorbar(image, ax=axes, shrink=0.6, aspect=30, pad=0.02, format=PercentFormatter(1, decimals=0))
        bar.set_label("share of the true class")
        bar.outline.set_visible(False)
    return path


def _name_axes(axes: Axes, rows: list[str], columns: list[str], letters: float) -> None:
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=letters)
    axes.set_yticks(range(len(rows)), rows, fontsize=letters)
    axes.set_xlabel("answer")
    axes.set_ylabel("true class, number of items")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for edges, axis in ((len(columns), axes.axvline), (len(rows), axes.axhline)):
        for edge in range(edges + 1):
            axis(edge - 0.5, color="#dddddd", linewidth=0.5)


def _write_counts(axes: Axes, counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]) -> None:
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.45 else "#222222"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=8.5, color=color)
