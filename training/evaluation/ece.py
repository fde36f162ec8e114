"""Expected calibration error: the mean gap between confidence and accuracy, bin by bin (Guo et al., 2017).

A sum of absolute values never cancels, so chance adds to it: a perfectly calibrated model shows an error too, the
larger the fewer its items (Roelofs et al., 2022), and a resample adds chance a second time, so that percentiles of
resampled values lie above what they should hold. So the measured value is reported with
- a corrected one, less the bias that resampling shows (as in Kumar et al., 2019, but by whole source videos);
- the basic bootstrap interval, mirrored so that the bias is taken off and not added, and widened near 0, where the
  bootstrap itself fails;
- the floor: what a perfectly calibrated model of the same confidences would show, simulated.
"""

import numpy as np

from training.evaluation.bootstrap import Floats, Ints, SourceVideos, flipped_sums, interval, rounded
from videoxception.answer import Probabilities
from videoxception.manifest import CalibrationError, Interval

BINS = 15
_SIMULATIONS = 2000


def bin_of(confidence: Floats) -> Ints:
    """Return the number of the bin of equal width that each confidence (N,) falls into."""
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def plain_ece(probabilities: Probabilities, truth: Ints, videos: SourceVideos) -> tuple[float, Interval]:
    """Return the measured error, and the middle 95 % of what resamples show, which is biased upwards."""
    measured, resampled = _measured(_gaps(probabilities, truth), videos)
    return rounded(measured), interval(resampled)


def calibration_error(probabilities: Probabilities, truth: Ints, videos: SourceVideos) -> CalibrationError:
    """Compute the error with what it is to be compared with."""
    gaps = _gaps(probabilities, truth)
    measured, resampled = _measured(gaps, videos)
    chance = np.abs(flipped_sums(videos.sums(gaps))).sum(1) / len(truth)
    return CalibrationError(
        measured=rounded(measured),
        corrected=rounded(max(0, 2 * measured - resampled.mean())),
        interval=_interval(measured, resampled, chance),
        floor=rounded(_floor(probabilities.max(1), np.arange(len(truth)))),
        floor_by_video=rounded(_floor(probabilities.max(1), videos.of_item)),
    )


def _interval(measured: float, resampled: Floats, chance: Floats) -> Interval:
    """Mirror resamples around the measured value (the basic bootstrap), and widen the interval where that fails.

    Values are folded at 0, so that near it they bunch up: the lower end is 0 unless `chance`, with the signs of source
    videos flipped, rarely shows as much, and the upper end is at least as far up as resamples reach above their mean.
    """
    low, high = np.quantile(resampled, [0.025, 0.975])
    lower = max(0, 2 * measured - high) if measured > np.quantile(chance, 0.975) else 0
    return rounded(lower), rounded(max(2 * measured - low, measured + high - resampled.mean()))


def _gaps(probabilities: Probabilities, truth: Ints) -> Floats:
    """Return (N, bins): each item's confidence less 1 if it is right, in its bin's column."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == truth
    gaps: Floats = (confidence - right)[:, None] * np.eye(BINS)[bin_of(confidence)]
    return gaps


def _measured(gaps: Floats, videos: SourceVideos) -> tuple[float, Floats]:
    """Return the error, and (R,) what resamples of whole source videos show."""
    sizes = videos.draws @ videos.sums(np.ones(len(gaps)))
    resampled = np.abs(videos.draws @ videos.sums(gaps)).sum(1) / sizes
    return float(np.abs(gaps.sum(0)).sum() / len(gaps)), resampled


def _floor(confidence: Floats, fate: Ints) -> float:
    """Simulate the mean error of answers that are right just as often as their confidence says.

    Items of the same number in `fate` (N,) are right or wrong together, as far as their confidences allow.
    """
    rng, number, total = np.random.RandomState(0), bin_of(confidence), 0.0
    for _ in range(_SIMULATIONS):
        right = rng.random_sample(int(fate.max()) + 1)[fate] < confidence
        total += float(np.abs(np.bincount(number, confidence - right)).sum())
    return total / _SIMULATIONS / len(confidence)
