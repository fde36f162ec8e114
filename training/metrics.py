"""What a model's probabilities are worth: accuracy and calibration, with intervals from resampling source videos.

Clips of one source video are not independent, so whole source videos are resampled (a cluster bootstrap), or else the
intervals would be too narrow by half.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from videoxception.answer import Probabilities
from videoxception.manifest import ClassFigure, Interval, Metrics

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_RESAMPLES = 2000
_BINS = 15
_DIGITS = 4  # of every figure: what f32 on another machine reproduces too


def measure(
    probabilities: Probabilities, targets: Sequence[int], groups: Sequence[str], classes: Sequence[str], protocol: str
) -> Metrics:
    """All figures for probabilities (N, K), true class numbers (N,) and the source video of each of the N items."""
    truth = np.asarray(targets)
    videos, video = np.unique(np.asarray(groups), return_inverse=True)
    weights = _resampled(len(videos))[:, video]  # (R, N): how often each item is in each resample
    items = _items(probabilities, truth)
    ece, ece_interval = _calibration_error(probabilities.max(1), items["top1"], weights)
    means = {
        name: (_rounded(values.mean()), _interval(_weighted_means(values, weights))) for name, values in items.items()
    }
    return Metrics(
        protocol=protocol,
        n=len(truth),
        source_videos=len(videos),
        **{name: mean for name, (mean, _) in means.items()},
        ece=ece,
        intervals={name: interval for name, (_, interval) in means.items()} | {"ece": ece_interval},
        per_class={name: _class_figure(items["top1"], truth == k, weights) for k, name in enumerate(classes)},
        confusion=_confusion(probabilities.argmax(1), truth, len(classes)),
    )


def _items(probabilities: Probabilities, truth: Ints) -> dict[str, Floats]:
    """The figures of each item, (N,) each, whose means are the figures of the whole."""
    rows = np.arange(len(truth))
    of_truth = probabilities[rows, truth]
    rank = (probabilities > of_truth[:, None]).sum(1)
    onehot = np.eye(probabilities.shape[1])[truth]
    return {
        "top1": (probabilities.argmax(1) == truth).astype(np.float64),
        "top5": (rank < 5).astype(np.float64),
        "nll": -np.log(np.maximum(of_truth, np.finfo(np.float64).tiny)),
        "brier": ((probabilities - onehot) ** 2).sum(1),
    }


def _resampled(videos: int) -> Floats:
    """(R, G): how often each source video is drawn in each resample. The same draw every time."""
    rng = np.random.RandomState(0)
    return rng.multinomial(videos, np.full(videos, 1 / videos), size=_RESAMPLES).astype(np.float64)


def _weighted_means(values: Floats, weights: Floats) -> Floats:
    """(R,): the mean in each resample, without those that drew none of the items."""
    total = weights.sum(1)
    means: Floats = (weights @ values)[total > 0] / total[total > 0]
    return means


def _calibration_error(confidence: Floats, right: Floats, weights: Floats) -> tuple[float, Interval]:
    """Expected calibration error: the mean gap between confidence and accuracy, bin by bin (Guo et al., 2017)."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gap = (confidence - right)[:, None] * np.eye(_BINS)[bins]  # (N, bins)
    point = np.abs(gap.sum(0)).sum() / len(right)
    return _rounded(point), _interval(np.abs(weights @ gap).sum(1) / weights.sum(1))


def _class_figure(right: Floats, members: npt.NDArray[np.bool_], weights: Floats) -> ClassFigure:
    n = int(members.sum())
    if n == 0:
        return ClassFigure(n=0, top1=None, interval=None)
    interval = _interval(_weighted_means(right[members], weights[:, members]))
    return ClassFigure(n=n, top1=_rounded(right[members].mean()), interval=interval)


def _confusion(predicted: Ints, truth: Ints, classes: int) -> list[list[int]]:
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, predicted), 1)
    rows: list[list[int]] = counts.tolist()
    return rows


def _interval(resamples: Floats) -> Interval:
    low, high = np.quantile(resamples, [0.025, 0.975])
    return _rounded(low), _rounded(high)


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)
