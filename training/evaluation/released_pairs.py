"""Two released models on the same items, each item scored by weights that have learnt from no clip of its source video.

Either by the out-of-fold predictions that both releases keep, or by scoring other items anew.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from training.data.dataset import DataSet, Item, Part
from training.data.disjoint_sets import DisjointSets
from training.data.loading import OpenDataset
from training.errors import TrainingError
from training.evaluation.assignment import Scorer, is_new, one_engine
from training.evaluation.calibration import mean_probabilities
from training.evaluation.leakage import hashes_of_classes, sources_of_release
from training.evaluation.metrics import item_figures
from training.evaluation.paired_tests import FIGURES, Pair, RunMetrics
from training.evaluation.predictions import score
from training.evaluation.stored import load_predictions
from videoxception.answer import Probabilities
from videoxception.engine import Engine
from videoxception.store import PREDICTIONS, Release

ItemKey = tuple[str, str]
"""A label, and what names the item under it: its path, or the hash of its name."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A model's probabilities (N, K) for the items of a data set, whose classes are the model's own."""

    name: str
    data: DataSet
    probabilities: Probabilities


def stored_pair(first: Release, second: Release) -> Pair:
    """Compare two releases on the items whose predictions both keep.

    Raises:
        TrainingError: one keeps no predictions, or they have no item in common.
    """
    return pair_of(_stored(first), _stored(second))


def scored_pair(
    releases: tuple[Release, Release],
    dataset: OpenDataset,
    create: Callable[[Release], Engine],
    skip_bad: bool,
    part: Part | None = None,
) -> tuple[Pair, tuple[str, ...]]:
    """Score the items of a data set that neither release has learnt from; return notes on them too.

    Raises:
        TrainingError: there is no such item, or one cannot be read.
    """
    data, _, notes = dataset.scored(part)
    scorers = [_scorer(release, create(release)) for release in releases]
    kept = _items_for(data, scorers, releases)
    left_out = f"left out {len(data) - len(kept)} of {len(data)} items: one of the models has learnt from them or does"
    one, other = (_scored(scorer, release, kept, skip_bad) for scorer, release in zip(scorers, releases, strict=True))
    said = (f"{left_out} not know their class",) if len(kept) < len(data) else ()
    untold = (f"{scorer.name} does not tell all that it has learnt from" for scorer in scorers if not scorer.complete)
    return pair_of(one, other), (*notes, *said, *untold)


def _stored(release: Release) -> Predicted:
    if PREDICTIONS not in release.manifest.files:
        raise TrainingError(
            f"{release} keeps no predictions of held-out items; name videos that neither model has learnt from"
            " by --data"
        )
    scores = load_predictions(release.predictions).scores
    return Predicted(str(release), scores.data, mean_probabilities(scores.logits, _temperature(release)))


def _scorer(release: Release, engine: Engine) -> Scorer:
    learnt = sources_of_release(release)
    known = (learnt or frozenset()) | hashes_of_classes(release.manifest.auxiliary)
    return Scorer(str(release), engine, known, complete=learnt is not None)


def _items_for(data: DataSet, scorers: Sequence[Scorer], releases: Sequence[Release]) -> tuple[Item, ...]:
    """Return the items of classes that all know and none has learnt from. Raises `TrainingError` if there are none."""
    shared = set(releases[0].manifest.classes).intersection(*(release.manifest.classes for release in releases))

    def fits(item: Item) -> bool:
        return item.label in shared and all(is_new(scorer, item) for scorer in scorers)

    kept = data.where(fits).items
    if not kept:
        raise TrainingError(
            f"none of the {len(data)} items can be compared: one of the models has learnt from each, or does not know"
            " its class; without --data, models are compared by the out-of-fold predictions that they keep"
        )
    return kept


def _scored(scorer: Scorer, release: Release, items: tuple[Item, ...], skip_bad: bool) -> Predicted:
    manifest = release.manifest
    scores = score(one_engine(scorer.engine), manifest.clip, DataSet(items, tuple(manifest.classes)), skip_bad)
    return Predicted(scorer.name, scores.data, mean_probabilities(scores.logits, _temperature(release)))


def _temperature(release: Release) -> float:
    return release.manifest.calibration.temperature


def pair_of(one: Predicted, other: Predicted) -> Pair:
    """Return both models' figures on the items that both have. Raises `TrainingError` if there are none."""
    rows = [_rows(each.data) for each in (one, other)]
    shared = sorted(rows[0].keys() & rows[1].keys())
    if not shared:
        raise TrainingError(
            f"{one.name} and {other.name} were measured on different items; name videos that neither has learnt from by"
            " --data"
        )
    of_one, of_other = ([each[key] for key in shared] for each in rows)
    items = _in_common_videos(one.data, of_one, other.data, of_other)
    return _figures(one, of_one, items), _figures(other, of_other, items)


def _rows(data: DataSet) -> dict[ItemKey, int]:
    """Return the row of each item; items that share their name tell nothing apart, and are left out."""
    keys = [(item.label, str(item.path)) for item in data.items]
    count = Counter(keys)
    return {key: row for row, key in enumerate(keys) if count[key] == 1}


def _in_common_videos(one: DataSet, of_one: Sequence[int], other: DataSet, of_other: Sequence[int]) -> tuple[Item, ...]:
    """Return items of `one` by source videos: what either data set has as one is one."""
    sets = DisjointSets[tuple[int, str]]()
    for row, column in zip(of_one, of_other, strict=True):
        sets.join((0, one.items[row].group), (1, other.items[column].group))
    found = []
    for item in (one.items[row] for row in of_one):
        side, group = sets.find((0, item.group))
        found.append(Item(item.path, item.label, f"{side} {group}", item.fold))
    return tuple(found)


def _figures(predicted: Predicted, rows: Sequence[int], items: tuple[Item, ...]) -> RunMetrics:
    found = item_figures(predicted.probabilities[rows], np.asarray(predicted.data.targets)[list(rows)])
    return RunMetrics(predicted.name, items, {name: found[name] for name in FIGURES})
