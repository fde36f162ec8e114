"""Draws the plots of a run or an evaluation, where matplotlib is installed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from training.errors import TrainingError
from videoxception.clip import ClipSpec

if TYPE_CHECKING:  # evaluation decodes, and a machine that trains from a cache may have nothing to decode with
    from training.evaluation.summary import Evaluation


def check_matplotlib() -> None:
    """Raises `TrainingError` that says how to get matplotlib, if it is not there."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise TrainingError("plots need matplotlib: pip install 'videoxception[train]'") from error


def draw_or_explain(draw: Callable[[], list[Path]]) -> None:
    """Draws, or says why not: plots are no reason to fail at the end of a long run."""
    try:
        drawn = draw()
    except TrainingError as error:
        print(f"no plots: {error}")
    else:
        print("\n".join(f"drew {path}" for path in drawn))


def draw_evaluation(folder: Path, title: str, spec: ClipSpec, evaluation: "Evaluation") -> list[Path]:
    """Draws confusion.png, reliability.png, mistakes.png and roc.png (if there are any), and names them."""
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
    """Draws curves.png of a run's log, and names it; nothing if the folder holds no log."""
    check_matplotlib()
    from training.reporting.plots.curves import draw_curves

    drawn = draw_curves(folder)
    return [drawn] if drawn else []
