"""The answers that were wrong with the greatest confidence, with their frames."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from training.data.decode import read_clip
from training.evaluation.summary import Evaluation
from training.names import as_text
from training.reporting.plots.style import BLUE, GREY, ORANGE, figure
from videoxception.clip import ClipSpec, Frames

_SHOWN, _COLUMNS = 10, 5
_LETTERS = 36  # of a file's name, beyond which it would run into its neighbour's


def draw_worst_errors(path: Path, title: str, spec: ClipSpec, evaluation: Evaluation) -> Path | None:
    """Draw the middle frames of the ten most confident mistakes, one a source video; None if there is no mistake."""
    chosen = most_confident_errors(evaluation)
    if not chosen:
        return None
    columns = min(len(chosen), _COLUMNS)
    height = 3.05 * -(-len(chosen) // _COLUMNS) + 0.6
    heading = f"{title}: the most confident mistakes, one of each source video; answer above, truth below"
    with figure(path, heading, max(2.35 * columns, 7.5), height) as drawn:
        grid = list(drawn.subplots(-(-len(chosen) // _COLUMNS), columns, squeeze=False).flat)
        for axes in grid:
            axes.set_axis_off()
        for axes, row in zip(grid, chosen, strict=False):
            clip = read_clip(evaluation.scores.data.items[row].path, spec)
            _show(axes, clip[len(clip) // 2], evaluation, row)
    return path


def most_confident_errors(evaluation: Evaluation) -> list[int]:
    """Return rows of at most ten items, the most confident first, one of each source video, whose clips look alike."""
    rows, data = evaluation.probabilities, evaluation.scores.data
    wrong = np.flatnonzero(rows.argmax(1) != np.asarray(data.targets))
    first: dict[str, int] = {}
    for row in wrong[np.argsort(-rows[wrong].max(1), kind="stable")]:
        first.setdefault(data.items[row].group, int(row))
    return list(first.values())[:_SHOWN]


def _show(axes: Axes, frame: Frames, evaluation: Evaluation, row: int) -> None:
    item, probabilities = evaluation.scores.data.items[row], evaluation.probabilities[row]
    said = evaluation.scores.data.classes[probabilities.argmax()]
    axes.imshow(frame, interpolation="lanczos")
    axes.set_title(f"{said} {probabilities.max():.0%}", color=ORANGE, loc="center", fontsize=10)
    name = as_text(item.path.name)
    name = name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
    axes.text(0.5, -0.04, f"is {item.label}", color=BLUE, fontsize=10, **_BELOW, transform=axes.transAxes)
    axes.text(0.5, -0.16, name, color=GREY, fontsize=7, **_BELOW, transform=axes.transAxes)


_BELOW: Any = {"horizontalalignment": "center", "verticalalignment": "top"}
