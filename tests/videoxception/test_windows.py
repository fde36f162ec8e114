from fractions import Fraction

import pytest

from videoxception.clip import ClipSpec, Timeline, choose, make_timeline
from videoxception.windows import Windows, ask, cuts

TEN, ONE = ClipSpec(), ClipSpec(frames=1)
MS = Fraction(1, 1000)


def steady(frames: int, first: int = 0) -> Timeline:
    """25 frames a second."""
    return make_timeline([first + 40 * k for k in range(frames)], [40] * frames, MS, Fraction(25))


@pytest.mark.parametrize("first", [0, 7, 123_457])
def test_windows_begin_at_every_step_as_long_as_the_video_lasts(first: int) -> None:
    found = list(cuts(steady(100, first), Windows(3.0, 1.0), ONE))
    assert [(cut.start, cut.end) for cut in found] == [(0.0, 3.0), (1.0, 4.0), (2.0, 4.0), (3.0, 4.0)]
    assert [cut.chosen for cut in found] == [[37], [62], [75], [87]]


def test_a_frame_at_the_start_is_in_the_window_and_one_at_its_end_is_not() -> None:
    """Frames at 0, 40, 80 ...: a step of 0.04 s is hit exactly, a tenth of a second between two."""
    (first, second, *_) = cuts(steady(10), Windows(0.12, 0.04), ClipSpec(frames=3))
    assert (first.chosen, second.chosen) == ([0, 1, 2], [1, 2, 3])
    odd = list(cuts(steady(10), Windows(0.1, 0.1), ClipSpec(frames=3)))
    assert [sorted(set(cut.chosen)) for cut in odd] == [[0, 1, 2], [3, 4], [5, 6, 7], [8, 9]]


def test_a_tenth_is_a_tenth() -> None:
    """0.1 added up in floats misses frames at whole tenths."""
    timeline = make_timeline([100 * k for k in range(100)], [100] * 100, MS, Fraction(10))
    assert [cut.chosen for cut in cuts(timeline, Windows(0.1, 0.1), ONE)] == [[k] for k in range(100)]


def test_the_rule_of_clips_is_applied_to_the_windows_frames_alone() -> None:
    times = [7 * k * k for k in range(60)]
    durations = [7 * (2 * k + 1) for k in range(60)]
    for cut in cuts(make_timeline(times, durations, MS, Fraction(25)), Windows(2.0, 0.7), TEN):
        inside = [k for k, t in enumerate(times) if cut.start <= t / 1000 < cut.start + 2.0]
        alone = make_timeline([times[k] for k in inside], [durations[k] for k in inside], MS, Fraction(25))
        assert cut.first == inside[0]
        assert cut.chosen == [inside[0] + k for k in choose(alone, TEN)]


def test_the_whole_in_one_window_is_the_usual_clip() -> None:
    (cut,) = cuts(steady(77), Windows(5.0, 5.0), TEN)
    assert cut.chosen == choose(steady(77), TEN)
    assert cut.end == pytest.approx(77 / 25)


def test_windows_without_a_frame_are_left_out() -> None:
    timeline = make_timeline([0, 40, 9000, 9040], [40] * 4, MS, Fraction(25))
    assert [cut.start for cut in cuts(timeline, Windows(1.0, 1.0), ONE)] == [0.0, 9.0]


def test_frames_without_times_are_counted() -> None:
    timeline = make_timeline([None] * 50, [], MS, Fraction(25))
    assert [cut.chosen for cut in cuts(timeline, Windows(1.0, 1.0), ONE)] == [[12], [37]]


@pytest.mark.parametrize(
    ("duration", "length"), [(0.5, 3.0), (600.0, 3.0), (1800.0, 3.0), (3600.0, 6.0), (7200.0, 12.0), (1e9, 3600.0)]
)
def test_auto_takes_longer_windows_for_long_videos(duration: float, length: float) -> None:
    windows = Windows.auto(duration)
    assert (windows.length, windows.step) == (length, length / 2)
    assert windows.count(duration) <= 1200 or length == 3600.0


def test_what_can_be_asked_for() -> None:
    assert ask("auto") == "auto"
    assert ask(3.0) == Windows(3.0, 1.5)
    assert ask(3.0, 1.0) == Windows(3.0, 1.0)


@pytest.mark.parametrize(
    ("window", "step", "message"),
    [
        (0.05, None, "0.1 to 3600 seconds, but got 0.05"),
        (4000.0, None, "but got 4000"),
        (float("nan"), None, "but got nan"),
        (3.0, 0.0, "0.09375 to 3, but got 0"),
        (3.0, 4.0, "but got 4"),
        (3.0, float("nan"), "but got nan"),
        ("auto", 1.0, "give none"),
    ],
)
def test_what_cannot(window: float, step: float | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(window, step)
