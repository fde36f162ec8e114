"""Throughput-latency curves."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.service.visit import Visit
from training.reporting.plots.style import SERIES, figure


def draw(visits: Sequence[Visit], path: Path) -> None:
    """Plot latency against throughput: closed loops of more and more senders on the left, open loops on the right."""
    with figure(path, "Latency at throughput: p50, and p99 dashed", 11, 5) as drawn:
        closed, opened = drawn.subplots(1, 2, sharex=True, sharey=True)
        closed.set_title("closed loop, more and more senders")
        opened.set_title("open loop, random arrivals")
        for visit, color in zip(visits, cycle(SERIES), strict=False):
            for axes, loop in ((closed, "closed"), (opened, "open")):
                _curve(axes, visit, loop, color)
        for axes in (closed, opened):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("answers a second")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(NullFormatter())
        closed.set_ylabel("milliseconds")
        closed.legend()


def _curve(axes: Axes, visit: Visit, loop: str, color: str) -> None:
    points = [measured for measured in visit.measurements if measured.loop == loop]
    rates = [measured.throughput for measured in points]
    axes.plot(rates, [p.p50 for p in points], color=color, marker="o", markersize=4, label=visit.contestant)
    axes.plot(rates, [p.p99 for p in points], color=color, marker="o", markersize=3, linestyle="--", linewidth=1)
