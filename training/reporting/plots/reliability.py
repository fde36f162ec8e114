"""Whether answers given with 70 % confidence are right in 70 % of cases, before and after a temperature."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from training.evaluation.bootstrap import SourceVideos, interval
from training.evaluation.calibration import mean_probabilities
from training.evaluation.ece import BINS, bin_of
from training.evaluation.summary import Evaluation
from training.reporting.plots.style import BLUE, GREY, ORANGE, figure
from videoxception.answer import Probabilities
from videoxception.manifest import CalibrationError, ProbabilityFigures


def draw_reliability(path: Path, title: str, evaluation: Evaluation) -> Path:
    """Draw two reliability diagrams with the numbers of items below; the one after is cross-fitted."""
    with figure(path, f"{title}: calibration", 10, 6.4) as drawn:
        axes = drawn.subplots(2, 2, sharex=True, sharey="row", height_ratios=[4, 1], gridspec_kw={"wspace": 0.08})
        for column, (name, rows, figures, color) in enumerate(_sides(evaluation)):
            top, bottom = axes[0, column], axes[1, column]
            top.set_title(f"{name}\n{_error(figures.ece)}")
            _diagram(top, rows, evaluation, color)
            bottom.hist(rows.max(1), np.arange(BINS + 1) / BINS, color=color, edgecolor="white")
            bottom.set_xlabel("confidence")
            bottom.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            bottom.yaxis.set_major_locator(MaxNLocator(3, integer=True, min_n_ticks=1))
        axes[0, 0].set_ylabel("right answers (95 % intervals by source videos)")
        axes[1, 0].set_ylabel("items")
    return path


def _sides(evaluation: Evaluation) -> list[tuple[str, Probabilities, ProbabilityFigures, str]]:
    reliability = evaluation.metrics.reliability
    assert reliability is not None  # every new evaluation has one
    before = mean_probabilities(evaluation.scores.logits, 1.0)
    sides = [("before: no temperature", before, reliability.without, ORANGE)]
    if evaluation.cross_fitted is not None and reliability.cross_fitted is not None:
        after = "after: temperature fitted on other source videos"
        return [*sides, (after, evaluation.cross_fitted.probabilities, reliability.cross_fitted, BLUE)]
    return [*sides, ("after: temperature as released", evaluation.probabilities, reliability.released, BLUE)]


def _error(error: CalibrationError) -> str:
    low, high = error.interval
    return f"error {error.measured:.3f}; {error.corrected:.3f} ({low:.3f} - {high:.3f}) without its bias"


def _diagram(axes: Axes, rows: Probabilities, evaluation: Evaluation, color: str) -> None:
    """Draw a point for each bin that has items, at its mean confidence and accuracy; the more items, the larger."""
    data = evaluation.scores.data
    videos, confidence = SourceVideos(data.groups), rows.max(1)
    right = (rows.argmax(1) == np.asarray(data.targets)).astype(np.float64)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
    for number in np.unique(bin_of(confidence)):
        members = bin_of(confidence) == number
        x, y = confidence[members].mean(), right[members].mean()
        axes.vlines(x, *interval(videos.means(right, members)), color=color, linewidth=1.2, alpha=0.6)
        axes.scatter(x, y, s=20 + 400 * members.mean(), color=color, edgecolor="white", zorder=3, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(-0.03, 1.03))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
