"""OOD detection: which videos show none of a model's classes (out of distribution), by several scores."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.dataset import DataSet, Item
from training.data.synthetic_ood import CLIPS, DRAWN, KINDS, NEW_KINDS, draw_synthetic_ood
from training.evaluation.assignment import EngineOf
from training.evaluation.bootstrap import Floats, SourceVideos, interval, rounded
from training.evaluation.calibration import ViewLogits, fit_threshold, mean_probabilities
from training.evaluation.predictions import OodOutputs
from training.progress import track
from videoxception.answer import log_sum, share_of_classes
from videoxception.clip import ClipSpec
from videoxception.manifest import Calibration, Known, OodFigures, Separation

ACTIONS = "true actions"
SEEN, UNSEEN = "classes seen in training", "classes never seen"
SYNTHETIC, SYNTHETIC_NEW = f"far off, kinds of {DRAWN}", "far off, other kinds"


@dataclass(frozen=True, slots=True)
class OodScores:
    """Scores (N,) of N clips by the name of each candidate, and the source video of each clip."""

    by_score: dict[str, Floats]
    groups: Sequence[str]

    def __len__(self) -> int:
        return len(self.groups)


def candidate_scores(outputs: ViewLogits, classes: int, temperature: float) -> dict[str, Floats]:
    """Return scores (N,) that are high for the classes, of outputs (N, V, K or K + 1); means over the views.

    The largest probability (https://arxiv.org/abs/1610.02136); the energy's negative, the logarithm of the sum of the
    classes' exponentials (https://arxiv.org/abs/2010.03759); and the classes' share against the background.
    """
    logits = outputs[..., :classes]
    found = {"max_probability": mean_probabilities(logits, temperature).max(1), "energy": log_sum(logits).mean(1)}
    if outputs.shape[-1] > classes:
        found["background"] = share_of_classes(logits, outputs[..., classes]).mean(1)
    return found


def predict_synthetic_ood(engine_of: EngineOf, spec: ClipSpec) -> OodOutputs:
    """Return the outputs for clips that code draws, each a source video of its own; the label is the kind. One view."""
    kinds = [kind for kind in (*KINDS, *NEW_KINDS) for _ in range(CLIPS)]
    items = [Item(Path(kind), kind, f"{kind} {row}") for row, kind in enumerate(kinds)]
    outputs = [
        engine_of(item).predict(draw_synthetic_ood(item.label, row % CLIPS, spec)[None])
        for row, item in enumerate(track(items, "far off"))
    ]
    return OodOutputs(DataSet(tuple(items), (*KINDS, *NEW_KINDS)), np.stack(outputs))


def by_kind(synthetic: OodOutputs) -> dict[str, OodOutputs]:
    """Return the drawn clips by kind, and those of all kinds together that are trained on (class Drawn), or are not."""

    def of(kinds: Collection[str]) -> OodOutputs:
        return synthetic.where(lambda item: item.label in kinds)

    return {kind: of([kind]) for kind in (*KINDS, *NEW_KINDS)} | {SYNTHETIC: of(KINDS), SYNTHETIC_NEW: of(NEW_KINDS)}


def score_ood(ood: Mapping[str, OodOutputs], classes: int, temperature: float) -> dict[str, OodScores]:
    """Return every candidate's scores of OOD sets, by their names."""
    return {
        name: OodScores(candidate_scores(found.outputs, classes, temperature), found.data.groups)
        for name, found in ood.items()
    }


def measure_known(actions: OodScores, ood: Mapping[str, OodScores], calibration: Calibration) -> Known:
    """Measure how well each candidate detects OOD sets, and what the model's own threshold keeps."""
    kept = (actions.by_score[calibration.known_score] >= calibration.known_threshold).astype(np.float64)
    return Known(
        score=calibration.known_score,
        kept=rounded(kept.mean()),
        kept_interval=interval(SourceVideos(actions.groups).means(kept)),
        ood={name: _measure(actions, scores) for name, scores in ood.items()},
    )


def _measure(actions: OodScores, ood: OodScores) -> OodFigures:
    videos = SourceVideos(actions.groups), SourceVideos(ood.groups, seed=1)
    return OodFigures(
        n=len(ood),
        source_videos=videos[1].count,
        by_score={name: separate(inside, ood.by_score[name], *videos) for name, inside in actions.by_score.items()},
    )


def separate(inside: Floats, outside: Floats, videos: SourceVideos, other_videos: SourceVideos) -> Separation:
    """Compare scores of true actions (N,) with those of OOD clips (M,), given the source videos of each."""
    auroc, resampled = _auroc(inside, outside, videos, other_videos)
    away = (outside < fit_threshold(inside)).astype(np.float64)
    return Separation(
        auroc=rounded(auroc),
        interval=interval(resampled),
        turned_away=rounded(away.mean()),
        turned_away_interval=interval(other_videos.means(away)),
    )


def _auroc(inside: Floats, outside: Floats, videos: SourceVideos, other_videos: SourceVideos) -> tuple[float, Floats]:
    """Return how often a true action scores higher than an OOD clip, a tie counting half; and resamples of it (R,).

    Pairs are added up by pairs of source videos once, so that a resample costs next to nothing.
    """
    ranks = np.zeros((len(inside), other_videos.count))
    for column, scores in enumerate(_by_video(outside, other_videos)):
        ordered = np.sort(scores)
        ranks[:, column] = (np.searchsorted(ordered, inside, "left") + np.searchsorted(ordered, inside, "right")) / 2
    wins = videos.sums(ranks)  # (G, H)
    sizes = videos.sums(np.ones(len(inside))), other_videos.sums(np.ones(len(outside)))
    pairs = (videos.draws @ sizes[0]) * (other_videos.draws @ sizes[1])
    resampled: Floats = ((videos.draws @ wins) * other_videos.draws).sum(1) / pairs
    return float(wins.sum() / (len(inside) * len(outside))), resampled


def _by_video(values: Floats, videos: SourceVideos) -> Iterator[Floats]:
    for number in range(videos.count):
        yield values[videos.of_item == number]
