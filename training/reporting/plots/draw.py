"""Draw the plots of a run or an evaluation, where matplotlib is installed."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from training.errors import TrainingError
from videoxception.clip import ClipSpec

if TYPE_CHECKING:  # evaluation decodes, and a machine that trains from a cache may have nothing to decode with
    from training.evaluation.summary import Evaluation
_LOGGER = logging.getLogger(__name__)


def check_matplotlib() -> None:
    """Raise `TrainingError` that says how to get matplotlib, if it is not there."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise TrainingError("plots need matplotlib: pip install 'videoxception[train]'") from error


def draw_or_explain(draw: Callable[[], list[Path]]) -> None:
    """Draw, or log why not: plots are no reason to fail at the end of a long run."""
    try:
        drawn = draw()
    except TrainingError as error:
        _LOGGER.info(f"no plots: {error}")
    else:
        _LOGGER.info("\n".join(f"drew {path}" for path in drawn))


def draw_evaluation(folder: Path, title: str, spec: ClipSpec, evaluation: "Evaluation") -> list[Path]:
    """Draw confusion.png, reliability.png, mistakes.png and roc.png (if there are any); return their paths."""
    check_matplotlib()
    from training.reporting.plots.confusion import draw_confusion
    from training.reporting.plots.reliability import draw_reliability
    from training.reporting.plots.roc import draw_roc
    from training.reporting.plots.worst_errors import draw_worst_errors

    folder.mkdir(parents=True, exist_ok=True)
    drawn = [
        draw_confusion(folder / "confusion.png", title, evaluation.metrics),
        draw_reliability(folder / "reliability.png", title, evaluation),
        draw_worst_errors(folder / "mistakes.png", title, spec, evaluation),
        draw_roc(folder / "roc.png", title, evaluation),
    ]
    return [path for path in drawn if path is not None]


def draw_run(folder: Path) -> list[Path]:
    """Draw curves.png of a run's log; return its path, and nothing if the folder holds no log."""
    check_matplotlib()
    from training.reporting.plots.curves import draw_curves

    drawn = draw_curves(folder)
    return [drawn] if drawn else []
