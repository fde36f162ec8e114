"""How far probabilities can be believed: as released, without a temperature, and with cross-fitted ones."""

from collections.abc import Sequence

import numpy as np

from training.evaluation.bootstrap import SourceVideos, interval, rounded
from training.evaluation.calibration import CrossFitted, ViewLogits, mean_probabilities
from training.evaluation.ece import calibration_error
from training.evaluation.metrics import item_figures
from videoxception.answer import Probabilities
from videoxception.manifest import ProbabilityFigures, Reliability


def measure_reliability(
    logits: ViewLogits, targets: Sequence[int], videos: SourceVideos, released: float, cross_fitted: CrossFitted | None
) -> Reliability:
    """Measure the same logits with the released temperature, with none, and with cross-fitted ones."""

    def figures(rows: Probabilities, temperatures: list[float]) -> ProbabilityFigures:
        truth = np.asarray(targets)
        items = item_figures(rows, truth)
        return ProbabilityFigures(
            temperatures=temperatures,
            nll=rounded(items["nll"].mean()),
            brier=rounded(items["brier"].mean()),
            intervals={name: interval(videos.means(items[name])) for name in ("nll", "brier")},
            ece=calibration_error(rows, truth, videos),
        )

    return Reliability(
        released=figures(mean_probabilities(logits, released), [released]),
        without=figures(mean_probabilities(logits, 1.0), [1.0]),
        cross_fitted=figures(cross_fitted.probabilities, cross_fitted.temperatures) if cross_fitted else None,
    )
