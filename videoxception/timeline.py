"""What was said of a video's windows -> its timeline: what is to be seen from when to when. Pure arithmetic.

The rule: each window speaks for the time nearest to its centre. There, probabilities and known-scores are averaged over
the windows whose centres lie within half of `smoothing` seconds; the label is the most probable class, or none where
the mean score is below the model's threshold. Neighbours of one label are merged. Then, the shortest first, stretches
below `shortest` seconds go to the neighbour whose label is likelier there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from videoxception.answer import Answer
from videoxception.manifest import Manifest
from videoxception.windows import Windows

_NONE = -1  # the number of no class: the last of a row of scores

Scores = npt.NDArray[np.float64]
"""(N, K + 1): of each window the probabilities of the classes, and what its known-score leaves for none of them."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The answer for one window, from `start` to `end` in seconds since the video's first frame."""

    start: float
    end: float
    answer: Answer


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be seen from `start` to `end`; the label is None where it is no class, or where no frame is.

    `confidence` is the mean probability of the label, or 1 minus the mean known-score.
    """

    start: float
    end: float
    label: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Rule:
    """The parameters of the rule, in seconds: over how much time to average, and the shortest stretch."""

    smoothing: float
    shortest: float

    @classmethod
    def of(cls, windows: Windows, smoothing: float | None = None, shortest: float | None = None) -> "Rule":
        """Return the rule for windows; what is None is half a window."""
        half = windows.length / 2
        return cls(half if smoothing is None else smoothing, half if shortest is None else shortest)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Windows from number `first` to that before `behind`, and the class that they show together."""

    first: int
    behind: int
    label: int


def timeline(segments: Sequence[Segment], manifest: Manifest, rule: Rule) -> list[Entry]:
    """Return the timeline of a video whose windows gave these segments, in order. Where no window is, there is none."""
    if not segments:
        return []
    scores = _smoothed(segments, _scores(segments), rule.smoothing)
    known = 1 - scores[:, _NONE] >= manifest.calibration.known_threshold
    labels = np.where(known, scores[:, :_NONE].argmax(1), _NONE)
    bounds = _bounds(segments)
    entries: list[Entry] = []
    for run in _runs(segments):
        kept = _without_short(_stretches(run, labels), scores, bounds, rule.shortest)
        entries += [_entry(each, scores, bounds, manifest) for each in kept]
    return list(_with_gaps(entries))


def _scores(segments: Sequence[Segment]) -> Scores:
    return np.array([[*each.answer.probabilities.values(), 1 - each.answer.known_score] for each in segments])


def _centres(segments: Sequence[Segment]) -> npt.NDArray[np.float64]:
    return np.array([(each.start + each.end) / 2 for each in segments])


def _smoothed(segments: Sequence[Segment], scores: Scores, smoothing: float) -> Scores:
    """Return for each window the mean scores of those whose centres are near."""
    centres, reach = _centres(segments), smoothing / 2 + 1e-6  # whatever the centres were rounded to
    firsts, behinds = np.searchsorted(centres, centres - reach), np.searchsorted(centres, centres + reach)
    return np.array([scores[first:behind].mean(0) for first, behind in zip(firsts, behinds, strict=True)])


def _bounds(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    """Return from when to when each window speaks: half-way to its neighbours' centres, or to its own ends."""
    middles = _centres(segments)
    halfway = ((middles[1:] + middles[:-1]) / 2).tolist()
    starts = [segments[0].start, *(max(a.start, m) for a, m in zip(segments[1:], halfway, strict=True))]
    ends = [*(min(a.end, m) for a, m in zip(segments[:-1], halfway, strict=True)), segments[-1].end]
    return list(zip(starts, ends, strict=True))


def _runs(segments: Sequence[Segment]) -> Iterator[range]:
    """Yield the numbers of windows without a gap between them."""
    first = 0
    for number in range(1, len(segments) + 1):
        if number == len(segments) or segments[number].start > segments[number - 1].end:
            yield range(first, number)
            first = number


def _stretches(run: range, labels: npt.NDArray[np.int64]) -> list[_Stretch]:
    return _merged([_Stretch(number, number + 1, int(labels[number])) for number in run])


def _merged(stretches: Sequence[_Stretch]) -> list[_Stretch]:
    """Return stretches of which neighbours of one label are one."""
    merged: list[_Stretch] = []
    for each in stretches:
        if merged and merged[-1].label == each.label:
            merged[-1] = replace(merged[-1], behind=each.behind)
        else:
            merged.append(each)
    return merged


def _without_short(
    stretches: list[_Stretch], scores: Scores, bounds: Sequence[tuple[float, float]], shortest: float
) -> list[_Stretch]:
    """Return stretches of which the short ones have gone to a neighbour, unless there is only one."""

    def seconds(number: int) -> float:
        each = stretches[number]
        return bounds[each.behind - 1][1] - bounds[each.first][0]

    while len(stretches) > 1:
        number = min(range(len(stretches)), key=seconds)
        if seconds(number) >= shortest - 1e-6:
            break
        each = stretches[number]
        beside = {near.label for near in stretches[max(0, number - 1) : number + 2]} - {each.label}
        label = max(sorted(beside), key=lambda label: scores[each.first : each.behind, label].mean())
        around = [
            *stretches[max(0, number - 1) : number],
            replace(each, label=label),
            *stretches[number + 1 : number + 2],
        ]
        stretches = [*stretches[: max(0, number - 1)], *_merged(around), *stretches[number + 2 :]]
    return stretches


def _entry(each: _Stretch, scores: Scores, bounds: Sequence[tuple[float, float]], manifest: Manifest) -> Entry:
    return Entry(
        start=bounds[each.first][0],
        end=bounds[each.behind - 1][1],
        label=None if each.label == _NONE else manifest.classes[each.label],
        confidence=float(scores[each.first : each.behind, each.label].mean()),
    )


def _with_gaps(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Yield entries, and one without a label where there is time between them."""
    last: Entry | None = None
    for each in entries:
        if last is not None and each.start > last.end:
            yield Entry(last.end, each.start, None, 0.0)
        yield each
        last = each
