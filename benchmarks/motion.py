"""Does a model use motion? Compares it with its own answers to single frames and a nearest neighbour by colour.

    python -m benchmarks.motion --data DIR --groups FILE:COLUMN --store DIR --model 'strokes-{fold}' [--folds 0,1,2]

For each fold a model that was trained on the other folds ({fold} in its name is replaced). All are scored on the same
clips of the held-out folds and compared clip by clip; intervals and p-values resample whole source videos.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.config.data import DataConfig
from training.data.dataset import DataSet
from training.data.decode import read_all, read_clip
from training.data.loading import open_dataset
from training.data.splits import split_by_fold
from training.errors import TrainingError
from training.evaluation.assignment import one_engine
from training.evaluation.bootstrap import SourceVideos, interval, two_sided
from training.evaluation.calibration import mean_probabilities
from training.evaluation.predictions import score
from training.evaluation.single_frame import compare
from videoxception.clip import Frames
from videoxception.engine.openvino import OpenVINOEngine
from videoxception.store import ModelStore, StoreError

_BINS = 8  # of each colour channel

Right = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answers:
    """Which items are classified correctly, (N,): by the model, by its single frames, by the nearest neighbour."""

    model: Right
    frames: Right
    neighbour: Right
    groups: list[str]


def colors(clip: Frames) -> npt.NDArray[np.float64]:
    """Return a clip's colour histogram (512,), square-rooted so that distances are Hellinger distances."""
    bins = (clip.reshape(-1, 3) // (256 // _BINS)).astype(np.int64) @ (_BINS * _BINS, _BINS, 1)
    counts = np.bincount(bins, minlength=_BINS**3)
    roots: npt.NDArray[np.float64] = np.sqrt(counts / counts.sum())
    return roots


def nearest(known: npt.NDArray[np.float64], asked: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return, for each row of `asked` (N, D), the index of the nearest row of `known` (M, D)."""
    rows: npt.NDArray[np.int64] = (asked @ known.T).argmax(1)  # all rows have norm 1
    return rows


def answer_fold(data: DataSet, fold: int, model: str, store: ModelStore) -> Answers:
    """Score one fold. Raises `TrainingError` or `StoreError`."""
    split, release = split_by_fold(data, fold), store.load(model)
    spec = release.manifest.clip
    if tuple(release.manifest.classes) != data.classes:
        raise TrainingError(f"{release} has other classes than the data: {', '.join(release.manifest.classes)}")
    scores = score(one_engine(OpenVINOEngine(release, "f32")), spec, split.validation, skip_bad=False)
    assert scores.frames is not None  # these are videos
    truth = np.asarray(scores.data.targets)
    known, asked = (
        read_all(part, lambda item: colors(read_clip(item.path, spec)), skip_bad=False)[0]
        for part in (split.training, split.validation)
    )
    return Answers(
        scores.logits[:, 0].argmax(1) == truth,
        mean_probabilities(scores.frames, release.manifest.calibration.temperature).argmax(1) == truth,
        np.asarray(split.training.targets)[nearest(known, asked)] == truth,
        scores.data.groups,
    )


def table(folds: list[Answers], classes: int) -> str:
    """Format the top-1 of each method over all folds, with intervals, and the model's gains with p-values."""
    model, frames, neighbour = (
        np.concatenate([getattr(fold, name) for fold in folds]) for name in ("model", "frames", "neighbour")
    )
    videos = SourceVideos([group for fold in folds for group in fold.groups])
    low, high = interval(videos.means(model.astype(np.float64)))
    lines = [
        f"{len(model)} clips of {videos.count} source videos; chance is {1 / classes:.1%}",
        "",
        "| what answers | top-1 (95 % interval) | the model's gain (interval) | p |",
        "| --- | --- | --- | --- |",
        f"| the model | {model.mean():.1%} ({low:.1%} to {high:.1%}) | | |",
    ]
    others = {"mean of its ten single frames": frames, "nearest neighbour by colours": neighbour}
    return "\n".join([*lines, *(_row(name, model, right, videos) for name, right in others.items())])


def _row(name: str, model: Right, right: Right, videos: SourceVideos) -> str:
    found = compare(model, right, videos)
    (low, high), (least, most) = found.interval, found.gain_interval
    by_chance = two_sided(videos.sums(model.astype(np.float64) - right))
    return (
        f"| {name} | {found.top1:.1%} ({low:.1%} to {high:.1%})"
        f" | {found.gain:+.1%} ({least:+.1%} to {most:+.1%}) | {by_chance:.4f} |"
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR")
    parser.add_argument("--groups", required=True, metavar="FILE:COLUMN")
    parser.add_argument("--layout", default="folders")
    parser.add_argument("--store", default="model_store", metavar="PATH")
    parser.add_argument("--model", required=True, metavar="NAME", help="with {fold} for the fold's number")
    parser.add_argument("--folds", default="0,1,2,3,4", metavar="K,...")
    options = parser.parse_args()
    config = DataConfig(data=options.data, layout=options.layout, groups=options.groups, classes=("all",))
    try:
        data, store = open_dataset(config).part(None), ModelStore.from_path(options.store)
        folds = [int(fold) for fold in options.folds.split(",")]
        answers = [answer_fold(data, fold, options.model.format(fold=fold), store) for fold in folds]
    except (TrainingError, StoreError) as error:
        sys.exit(f"error: {error}")
    print(table(answers, len(data.classes)))


if __name__ == "__main__":
    main()
