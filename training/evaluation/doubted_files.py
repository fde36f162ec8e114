"""Files whose labels the out-of-fold predictions of a release doubt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.data.dataset import Item
from training.errors import TrainingError
from training.evaluation.calibration import mean_probabilities
from training.evaluation.label_doubts import label_doubts
from training.evaluation.leakage import hash_of, own_name
from training.evaluation.stored import load_predictions
from videoxception.store import PREDICTIONS, Release


@dataclass(frozen=True, slots=True)
class DoubtedFile:
    """An item, how far its label is doubted, and what the model would have instead, with the probability of both."""

    item: Item
    doubt: float
    label_probability: float
    instead: str
    instead_probability: float


def doubted_files(release: Release, items: Sequence[Item]) -> list[DoubtedFile]:
    """Return the items that the release keeps predictions of, the most doubted label first.

    Items of one class whose files share their name cannot be told apart, and are left out.

    Raises:
        TrainingError: it keeps no predictions, or none of these items.
    """
    if PREDICTIONS not in release.manifest.files:
        raise TrainingError(f"{release} keeps no out-of-fold predictions, so that it can doubt no label")
    scores = load_predictions(release.predictions).scores
    rows = mean_probabilities(scores.logits, release.manifest.calibration.temperature)
    truth = np.asarray(scores.data.targets)
    doubts = label_doubts(rows, truth)
    named = _by_name(items)
    found = []
    for row in doubts.order.tolist():
        kept, instead = scores.data.items[row], int(doubts.instead[row])
        if item := named.get((kept.label, kept.path.name)):
            probabilities = float(rows[row, truth[row]]), float(rows[row, instead])
            found.append(
                DoubtedFile(
                    item, float(doubts.doubt[row]), probabilities[0], scores.data.classes[instead], probabilities[1]
                )
            )
    if not found:
        raise TrainingError(f"{release} was measured on none of these files; name the model that was trained on them")
    return found


def _by_name(items: Sequence[Item]) -> dict[tuple[str, str], Item]:
    """Return items by label and the hash of their name, as predictions have it; no name that two items share."""
    found: dict[tuple[str, str], Item | None] = {}
    for item in items:
        key = item.label, hash_of(own_name(item))
        found[key] = None if key in found else item
    return {key: item for key, item in found.items() if item is not None}
