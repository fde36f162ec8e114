"""ROC curves of OOD detection: true actions kept against OOD videos let in, threshold by threshold."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from training.evaluation.bootstrap import Floats
from training.evaluation.ood import ACTIONS, SEEN, SYNTHETIC, SYNTHETIC_NEW, UNSEEN
from training.evaluation.summary import Evaluation
from training.reporting.plots.style import BLUE, GREEN, GREY, ORANGE, figure

_COLORS = {"background": BLUE, "max_probability": ORANGE, "energy": GREEN}


def draw_roc(path: Path, title: str, evaluation: Evaluation) -> Path | None:
    """Draw a diagram for each large OOD set, a curve for each candidate score; None if no OOD set was scored."""
    known, found = evaluation.metrics.known, evaluation.ood_scores
    names = [name for name in (SEEN, UNSEEN, SYNTHETIC, SYNTHETIC_NEW) if name in found]
    if known is None or not names:
        return None
    heading = f"{title}: OOD detection"
    with figure(path, heading, max(4.4 * len(names), 7.5), 4.8) as drawn:
        grid = drawn.subplots(1, len(names), squeeze=False)[0]
        for axes, name in zip(grid, names, strict=True):
            axes.set_title(f"{name}, {len(found[name])}")
            for score, separation in known.ood[name].by_score.items():
                kept, let_in = roc(found[ACTIONS].by_score[score], found[name].by_score[score])
                label = f"{score.replace('_', ' ')}: AUROC {separation.auroc:.3f}"
                width = 2.2 if score == known.score else 1.1
                axes.plot(let_in, kept, color=_COLORS[score], linewidth=width, label=label)
            _finish(axes)
        grid[0].set_ylabel("true actions kept")
    return path


def roc(inside: Floats, outside: Floats) -> tuple[Floats, Floats]:
    """Return the shares of true actions and of OOD clips that score at least as much as each threshold, both rising."""
    thresholds = np.unique(np.concatenate([inside, outside]))[::-1]
    shares = [1 - np.searchsorted(np.sort(scores), thresholds, "left") / len(scores) for scores in (inside, outside)]
    kept, let_in = (np.concatenate([[0.0], share]) for share in shares)
    return kept, let_in


def _finish(axes: Axes) -> None:
    axes.axhline(0.95, color=GREY, linewidth=1, linestyle="--")
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="OOD clips let in")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="lower right", fontsize=8.5)
