"""What a model says to videos that show none of its classes, and how well that tells them from true actions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.dataset import DataSet, Item
from training.data.decode import read_all, read_clip
from training.data.synthetic_ood import CLIPS, DRAWN, KINDS, NEW_KINDS, draw_synthetic_ood
from training.evaluation.assignment import EngineOf
from training.evaluation.bootstrap import Floats, SourceVideos, interval, rounded
from training.evaluation.calibration import ViewLogits, fit_threshold, mean_probabilities
from training.evaluation.views import Views
from training.progress import track
from videoxception.answer import log_sum, share_of_classes
from videoxception.engine.base import Logits
from videoxception.manifest import Calibration, Known, Manifest, OodFigures, Separation

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
    """Scores (N,) that are high for the classes, of a network's outputs (N, V, K or K + 1); means over the views.

    The largest probability (https://arxiv.org/abs/1610.02136); the energy's negative, the logarithm of the sum of the
    classes' exponentials (https://arxiv.org/abs/2010.03759); and the classes' share against the background.
    """
    logits = outputs[..., :classes]
    found = {"max_probability": mean_probabilities(logits, temperature).max(1), "energy": log_sum(logits).mean(1)}
    if outputs.shape[-1] > classes:
        found["background"] = share_of_classes(logits, outputs[..., classes]).mean(1)
    return found


def score_ood(
    engine_of: EngineOf, manifest: Manifest, parts: Mapping[str, DataSet], views: Views, skip_bad: bool
) -> tuple[dict[str, OodScores], list[str]]:
    """What is said to each part of a data set, by the part's name, and a line for each file that was skipped."""
    told, skipped = {}, []
    for name, data in parts.items():
        if len(data):
            outputs, kept, bad = read_all(
                data,
                lambda item: engine_of(item).predict(
                    views.clips(manifest.clip, lambda spec: read_clip(item.path, spec))
                ),
                skip_bad,
            )
            told[name] = _told(outputs, kept.groups, manifest)
            skipped += bad
    return told, skipped


def score_synthetic_ood(engine_of: EngineOf, manifest: Manifest) -> dict[str, OodScores]:
    """What is said to clips that code draws, by their kind, and to all of them together. One view of each."""
    kinds = [kind for kind in (*KINDS, *NEW_KINDS) for _ in range(CLIPS)]
    items = [Item(Path(kind), kind, f"{kind} {row}") for row, kind in enumerate(kinds)]

    def ask(item: Item, number: int) -> Logits:
        return engine_of(item).predict(draw_synthetic_ood(item.label, number, manifest.clip)[None])

    outputs = np.stack([ask(item, row % CLIPS) for row, item in enumerate(track(items, "far off"))])

    def told_of(wanted: Collection[str]) -> OodScores:
        rows = [row for row, kind in enumerate(kinds) if kind in wanted]
        return _told(outputs[rows], [items[row].group for row in rows], manifest)

    return {kind: told_of([kind]) for kind in dict.fromkeys(kinds)} | {
        SYNTHETIC: told_of(KINDS),
        SYNTHETIC_NEW: told_of(NEW_KINDS),
    }


def _told(outputs: ViewLogits, groups: Sequence[str], manifest: Manifest) -> OodScores:
    return OodScores(candidate_scores(outputs, len(manifest.classes), manifest.calibration.temperature), groups)


def measure_known(actions: OodScores, ood: Mapping[str, OodScores], calibration: Calibration) -> Known:
    """How well each candidate tells outsiders from true actions; of the model's own also what its threshold keeps."""
    kept = (actions.by_score[calibration.known_score] >= calibration.known_threshold).astype(np.float64)
    return Known(
        score=calibration.known_score,
        kept=rounded(kept.mean()),
        kept_interval=interval(SourceVideos(actions.groups).means(kept)),
        ood={name: _measure(actions, told) for name, told in ood.items()},
    )


def _measure(actions: OodScores, ood: OodScores) -> OodFigures:
    videos = SourceVideos(actions.groups), SourceVideos(ood.groups, seed=1)
    return OodFigures(
        n=len(ood),
        source_videos=videos[1].count,
        by_score={name: separate(inside, ood.by_score[name], *videos) for name, inside in actions.by_score.items()},
    )


def separate(inside: Floats, outside: Floats, videos: SourceVideos, other_videos: SourceVideos) -> Separation:
    """Scores of true actions (N,) and of outsiders (M,), with the source videos of each."""
    auroc, resampled = _auroc(inside, outside, videos, other_videos)
    away = (outside < fit_threshold(inside)).astype(np.float64)
    return Separation(
        auroc=rounded(auroc),
        interval=interval(resampled),
        turned_away=rounded(away.mean()),
        turned_away_interval=interval(other_videos.means(away)),
    )


def _auroc(inside: Floats, outside: Floats, videos: SourceVideos, other_videos: SourceVideos) -> tuple[float, Floats]:
    """How often a true action scores higher than an outsider, a tie counting half; and the same of resamples (R,).

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
