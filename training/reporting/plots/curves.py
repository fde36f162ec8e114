"""How a run went: loss, learning rate and held-out top-1, epoch by epoch."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from training.reporting.plots.style import BLUE, GREY, ORANGE, figure
from training.trainer.log import read_log


def draw_curves(folder: Path) -> Path | None:
    """Draw curves.png of the log in a run's folder; None if there is none."""
    log = read_log(folder)
    if not log:
        return None
    path = folder / "curves.png"
    with figure(path, f"{folder.resolve().name}: {len(log)} epochs", 8, 7.5) as drawn:
        loss, rate, seen = drawn.subplots(3, 1, sharex=True, height_ratios=[2, 1, 2])
        _line(loss, log, "loss", "training loss", BLUE)
        _line(rate, log, "lr", "learning rate", GREY)
        rate.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
        _line(seen, log, "validation", "held-out top-1", ORANGE)
        seen.set_ylim(bottom=0)
        seen.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        seen.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        seen.set_xlabel("epoch")
    return path


def _line(axes: Axes, log: list[dict[str, float | None]], field: str, title: str, color: str) -> None:
    """Draw one field against epochs, at those epochs that have it; few values are marked one by one."""
    values = [(entry["epoch"], entry[field]) for entry in log if entry.get(field) is not None]
    axes.set_title(title)
    if not values:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, horizontalalignment="center", color=GREY)
        return
    epochs, shown = zip(*values, strict=True)
    axes.plot(
        epochs, shown, color=color, linewidth=1.8, marker="o" if len(values) < 40 else "", markersize=4, clip_on=False
    )
    axes.annotate(
        f"{shown[-1]:.3g}" if field != "validation" else f"{shown[-1]:.1%}",
        (epochs[-1], shown[-1]),
        xytext=(6, 0),
        textcoords="offset points",
        verticalalignment="center",
        color=color,
    )
