"""How plots look: one font, few lines, and colours that colour-blind people can tell apart (Okabe and Ito, 2008)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY, INK = "#0072B2", "#D55E00", "#009E73", "#8a8a8a", "#222222"
SERIES = (BLUE, GREEN, ORANGE, "#CC79A7", "#E69F00", GREY, INK)
"""Colours of a plot's series; where there may be more series, cycle through them."""

_SETTINGS: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "savefig.dpi": 150,
    "text.parse_math": False,  # a file's name may hold a dollar sign
}


@contextmanager
def figure(path: Path, title: str, width: float, height: float) -> Iterator[Figure]:
    """Open a figure of so many inches, in the house's style, that is written to `path` at the end, without a screen."""
    with matplotlib.rc_context(_SETTINGS):
        drawn = Figure(figsize=(width, height), layout="constrained")
        drawn.suptitle(title, x=0.01, horizontalalignment="left", fontsize=max(12, 0.9 * width), fontweight="bold")
        yield drawn
        drawn.savefig(path)
