import dataclasses
from collections.abc import Sequence
from itertools import pairwise

import pytest

from tests.shipped import SHIPPED
from videoxception.answer import Answer
from videoxception.timeline import Entry, Rule, Segment, timeline
from videoxception.windows import Windows

CLASSES = SHIPPED.manifest.classes
THRESHOLD = 0.5
MANIFEST = SHIPPED.manifest.model_copy(
    update={"calibration": SHIPPED.manifest.calibration.model_copy(update={"known_threshold": THRESHOLD})}
)
PLAIN = Rule(0.0, 0.0)


def answer(label: int | None, sure: float = 0.9) -> Answer:
    """An answer whose class has the probability `sure`; without a class, all are alike, and it is surely none."""
    sure = 1 / len(CLASSES) if label is None else sure
    rest = (1 - sure) / (len(CLASSES) - 1)
    probabilities = {name: sure if k == label else rest for k, name in enumerate(CLASSES)}
    return Answer(CLASSES[label or 0], sure, label is not None, 0.05 if label is None else 0.95, None, probabilities)


def segments(labels: Sequence[int | None], length: float = 1.0, step: float = 1.0) -> list[Segment]:
    return [Segment(step * i, step * i + length, answer(label)) for i, label in enumerate(labels)]


def shown(entries: Sequence[Entry]) -> list[tuple[float, float, int | None]]:
    return [(e.start, e.end, None if e.label is None else CLASSES.index(e.label)) for e in entries]


def test_equal_neighbours_are_one() -> None:
    found = timeline(segments([3, 3, None, None, None, 5]), MANIFEST, PLAIN)
    assert shown(found) == [(0.0, 2.0, 3), (2.0, 5.0, None), (5.0, 6.0, 5)]
    assert [entry.confidence for entry in found] == pytest.approx([0.9, 0.95, 0.9])


def test_a_window_speaks_for_the_time_nearest_to_its_centre() -> None:
    found = timeline(segments([1, 1, 2, 2], length=3.0), MANIFEST, PLAIN)
    assert shown(found) == [(0.0, 3.0, 1), (3.0, 6.0, 2)]


def test_windows_that_the_end_cuts_short_have_centres_of_their_own() -> None:
    cut = [Segment(0.0, 2.0, answer(1)), Segment(1.0, 3.0, answer(1)), Segment(2.0, 3.0, answer(2))]
    assert shown(timeline(cut, MANIFEST, PLAIN)) == [(0.0, 2.25, 1), (2.25, 3.0, 2)]


def test_smoothing_takes_the_mean_over_windows_near_by() -> None:
    """One unsure window among five, and 0.4 + 2 * 0.9 against 0.6: within a second to both sides it is outvoted."""
    five = segments([1, 1, 2, 1, 1])
    five[2] = dataclasses.replace(five[2], answer=answer(2, 0.6))
    assert len(timeline(five, MANIFEST, PLAIN)) == 3
    (entry,) = timeline(five, MANIFEST, Rule(2.0, 0.0))
    left = 0.4 / (len(CLASSES) - 1)
    middle = (0.9 + left + 0.9) / 3
    assert entry.confidence == pytest.approx((0.9 + middle + middle + middle + 0.9) / 5)


def test_known_scores_are_averaged_too() -> None:
    """Of three windows, two are known: the mean score in the middle is 0.65, on the left (0.95 + 0.05) / 2 = 0.5."""
    found = timeline(segments([1, None, 1]), MANIFEST, Rule(2.0, 0.0))
    assert shown(found) == [(0.0, 3.0, 1)]
    assert shown(timeline(segments([None, None, 1]), MANIFEST, Rule(2.0, 0.0)))[0][2] is None


def test_the_shortest_stretch_goes_to_the_likelier_neighbour() -> None:
    three = segments([1, 1, 4, 2, 2])
    unsure = dict.fromkeys(CLASSES, 0.0) | {CLASSES[4]: 0.5, CLASSES[2]: 0.3, CLASSES[1]: 0.2}
    three[2] = dataclasses.replace(three[2], answer=dataclasses.replace(answer(4), probabilities=unsure))
    assert shown(timeline(three, MANIFEST, Rule(0.0, 1.0))) == [(0.0, 2.0, 1), (2.0, 3.0, 4), (3.0, 5.0, 2)]
    assert shown(timeline(three, MANIFEST, Rule(0.0, 1.5))) == [(0.0, 2.0, 1), (2.0, 5.0, 2)]


def test_neighbours_that_become_equal_are_merged() -> None:
    assert shown(timeline(segments([1, 1, 2, 1, 1]), MANIFEST, Rule(0.0, 1.5))) == [(0.0, 5.0, 1)]


def test_one_short_stretch_alone_stays() -> None:
    assert shown(timeline(segments([1]), MANIFEST, Rule(0.0, 60.0))) == [(0.0, 1.0, 1)]


def test_alternating_labels_end() -> None:
    assert len(timeline(segments([1, 2] * 50), MANIFEST, Rule(0.0, 3.0))) == 1


def test_where_no_window_is_there_is_no_label() -> None:
    apart = [Segment(0.0, 1.0, answer(1)), Segment(9.0, 10.0, answer(1))]
    assert shown(timeline(apart, MANIFEST, PLAIN)) == [(0.0, 1.0, 1), (1.0, 9.0, None), (9.0, 10.0, 1)]


def test_the_timeline_covers_the_video_without_a_hole() -> None:
    found = timeline(segments([1, None, 2, 2, 3, 1, None, None], length=3.0, step=0.7), MANIFEST, Rule(1.0, 1.0))
    assert found[0].start == 0.0
    assert found[-1].end == pytest.approx(7.9)
    assert all(a.end == b.start for a, b in pairwise(found))


def test_nothing_of_nothing() -> None:
    assert timeline([], MANIFEST, PLAIN) == []


def test_the_rule_goes_by_the_windows() -> None:
    assert Rule.of(Windows(4.0, 1.0)) == Rule(2.0, 2.0)
    assert Rule.of(Windows(4.0, 1.0), 0.0, 0.5) == Rule(0.0, 0.5)
