"""How right a timeline is, as the field judges: frame by frame, by detections, and by the order of labels.

mAP at a temporal IoU is that of ActivityNet (Heilbron et al., CVPR 2015); the edit score is that of Lea et al.
(Temporal Convolutional Networks for Action Segmentation and Detection, CVPR 2017).
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.timeline.film import Part
from videoxception.timeline import Entry

_STEP = 0.04  # seconds from one moment that is judged to the next


def frame_accuracy(truth: Sequence[Part], found: Sequence[Entry]) -> float:
    """Return the share of the film's moments that have the right label, or rightly none."""
    moments = np.arange(truth[0].start + _STEP / 2, truth[-1].end, _STEP)
    right = [label_at(truth, moment) == label_at(found, moment) for moment in moments]
    return float(np.mean(right))


def label_at(parts: Sequence[Part] | Sequence[Entry], moment: float) -> str | None:
    """Return what is to be seen at a moment."""
    return next((part.label for part in parts if part.start <= moment < part.end), None)


def mean_average_precision(truth: Sequence[Part], found: Sequence[Entry], overlap: float = 0.5) -> float:
    """Return the mean over the film's labels of the average precision of detections, at a temporal IoU."""
    labels = sorted({part.label for part in truth if part.label is not None})
    return float(np.mean([_average_precision(label, truth, found, overlap) for label in labels]))


def _average_precision(label: str, truth: Sequence[Part], found: Sequence[Entry], overlap: float) -> float:
    left = [part for part in truth if part.label == label]
    wanted, hits = len(left), []
    for entry in sorted((entry for entry in found if entry.label == label), key=lambda entry: -entry.confidence):
        best = max(left, key=lambda part: iou(part, entry), default=None)
        hits.append(best is not None and iou(best, entry) >= overlap)
        if hits[-1] and best is not None:
            left.remove(best)
    precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precisions[::-1])[::-1]
    return float(envelope[np.array(hits, bool)].sum() / wanted)


def iou(part: Part, entry: Entry) -> float:
    """Return the temporal intersection over union."""
    inside = max(0.0, min(part.end, entry.end) - max(part.start, entry.start))
    return inside / (part.end - part.start + entry.end - entry.start - inside)


def edit_score(truth: Sequence[Part], found: Sequence[Entry]) -> float:
    """Return 1 minus the edit distance of the sequences of labels, as a share of the longer one."""
    wanted, given = [part.label for part in truth], [entry.label for entry in found]
    row = list(range(len(given) + 1))
    for number, label in enumerate(wanted, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(given, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (label != other))
    return 1 - row[-1] / max(len(wanted), len(given))


def main_label(part: Part, found: Sequence[Entry]) -> str | None:
    """Return the label that a timeline gives most of a part's time."""
    seconds: dict[str | None, float] = {}
    for entry in found:
        inside = min(part.end, entry.end) - max(part.start, entry.start)
        if inside > 0:
            seconds[entry.label] = seconds.get(entry.label, 0.0) + inside
    return max(seconds, key=seconds.__getitem__)


def boundary_errors(truth: Sequence[Part], found: Sequence[Entry]) -> list[float]:
    """Return for each true cut the seconds to the nearest found one."""
    cuts = [entry.end for entry in found[:-1]] or [found[-1].end]
    return [min(abs(part.end - cut) for cut in cuts) for part in truth[:-1]]
