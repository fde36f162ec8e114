"""What a model's probabilities are worth: accuracy and calibration, with intervals from resampling source videos."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.evaluation.bootstrap import Floats, Ints, SourceVideos, interval, rounded
from training.evaluation.ece import plain_ece
from videoxception.answer import Probabilities
from videoxception.manifest import AnswerSets, Baselines, ClassFigure, Known, Metrics, Reliability


def measure(
    probabilities: Probabilities,
    targets: Sequence[int],
    groups: Sequence[str],
    classes: Sequence[str],
    protocol: str,
    *,
    views: int = 1,
    reliability: Reliability | None = None,
    baselines: Baselines | None = None,
    known: Known | None = None,
    answer_sets: AnswerSets | None = None,
) -> Metrics:
    """Measure probabilities (N, K), given the true class numbers (N,) and the source video of each of the N items.

    What was measured besides is passed on.
    """
    truth, videos = np.asarray(targets), SourceVideos(groups)
    items = item_figures(probabilities, truth)
    ece, ece_interval = plain_ece(probabilities, truth, videos)
    return Metrics(
        protocol=protocol,
        n=len(truth),
        source_videos=videos.count,
        top1=rounded(items["top1"].mean()),
        top5=rounded(items["top5"].mean()),
        nll=rounded(items["nll"].mean()),
        brier=rounded(items["brier"].mean()),
        ece=ece,
        intervals={name: interval(videos.means(values)) for name, values in items.items()} | {"ece": ece_interval},
        per_class={name: _class_figure(items["top1"], truth == k, videos) for k, name in enumerate(classes)},
        confusion=_confusion(probabilities.argmax(1), truth, len(classes)),
        views=views,
        reliability=reliability,
        baselines=baselines,
        known=known,
        answer_sets=answer_sets,
    )


def item_figures(probabilities: Probabilities, truth: Ints) -> dict[str, Floats]:
    """Return the figures of each item, (N,) each, whose means are the figures of the whole."""
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


def _class_figure(right: Floats, members: npt.NDArray[np.bool_], videos: SourceVideos) -> ClassFigure:
    n = int(members.sum())
    if n == 0:
        return ClassFigure(n=0, source_videos=0, top1=None, interval=None)
    return ClassFigure(
        n=n,
        source_videos=len(set(videos.of_item[members])),
        top1=rounded(right[members].mean()),
        interval=interval(videos.means(right, members)),
    )


def _confusion(predicted: Ints, truth: Ints, classes: int) -> list[list[int]]:
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, predicted), 1)
    rows: list[list[int]] = counts.tolist()
    return rows
