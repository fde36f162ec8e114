from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from pydantic import ValidationError

from videoxception.clip import ClipSpec, Crop, ResizeCrop, Timeline, Window, choose, make_timeline

TEN = ClipSpec()
THIRTY = ClipSpec(frames=30)
MS = Fraction(1, 1000)


def constant(frames: int, step: int = 40) -> Timeline:
    return make_timeline([k * step for k in range(frames)], [step] * frames, MS, Fraction(25))


@pytest.mark.parametrize("frames", [1, 2, 9, 10, 11, 29, 100, 187, 188, 432])
def test_constant_rate_takes_the_frame_at_the_centre_of_each_segment(frames: int) -> None:
    assert choose(constant(frames), TEN) == [(2 * i + 1) * frames // 20 for i in range(10)]


@pytest.mark.parametrize("frames", [30, 77, 301])
def test_frame_i_of_ten_is_frame_3i_plus_1_of_thirty(frames: int) -> None:
    of_thirty = choose(constant(frames), THIRTY)
    assert choose(constant(frames), TEN) == [of_thirty[3 * i + 1] for i in range(10)]


def test_variable_rate_follows_the_times_not_the_count() -> None:
    times = list(accumulate([0] + [10] * 50 + [200] * 9))
    timeline = make_timeline(times, [0] * 59 + [200], MS, Fraction(25))
    span = times[-1] + 200
    expected = [max(k for k, t in enumerate(times) if t * 20 <= (2 * i + 1) * span) for i in range(10)]
    assert choose(timeline, TEN) == expected
    assert timeline.variable


def test_the_order_of_packets_and_a_late_start_do_not_matter() -> None:
    times = [5000 + k * 40 for k in range(50)]
    shuffled = times[::2] + times[1::2]
    assert choose(make_timeline(shuffled, [40] * 50, MS, Fraction(25)), TEN) == choose(constant(50), TEN)


def test_an_unknown_last_duration_is_the_median_step() -> None:
    assert make_timeline([0, 40, 80, 200], [], MS, Fraction(25)).span == 240


@pytest.mark.parametrize("times", [[None, 40, 80], [0, 40, 40], [0, 40, None], [0, None, 80]])
def test_a_missing_or_equal_time_is_interpolated(times: list[int | None]) -> None:
    timeline = make_timeline(times, [40] * 3, MS, Fraction(25))
    steps = [b - a for a, b in pairwise(timeline.ticks)]
    assert (steps, timeline.span, timeline.timed) == ([40, 40], 120, True)


@pytest.mark.parametrize("times", [[None, None, 80], [40, 40, 40], [None, None, None]])
def test_without_usable_times_frames_are_counted(times: list[int | None]) -> None:
    timeline = make_timeline(times, [40] * 3, MS, Fraction(25))
    assert list(timeline.ticks) == [0, 1, 2]
    assert timeline.span == 3
    assert not timeline.timed
    assert timeline.seconds(2) == pytest.approx(0.08)


def test_rounding_to_milliseconds_is_not_a_variable_rate() -> None:
    times = [round(k * 1000 / 30) for k in range(100)]
    assert not make_timeline(times, [33] * 100, MS, Fraction(30)).variable


def test_a_window_lies_around_the_middle() -> None:
    spec = ClipSpec(frames=4, sampling=Window(length=1.6, step=0.4))
    chosen = choose(constant(100), spec)  # 4 s: centres at 1.4, 1.8, 2.2 and 2.6 s
    assert chosen == [35, 45, 55, 65]


def test_a_window_longer_than_the_video_repeats_its_ends() -> None:
    spec = ClipSpec(frames=4, sampling=Window(length=8.0, step=2.0))
    assert choose(constant(25), spec) == [0, 0, 24, 24]


def test_a_spec_survives_json() -> None:
    spec = ClipSpec(frames=16, size=(112, 112), fit=Crop(short_side=128), mean=(0.4, 0.4, 0.4), channels="BGR")
    assert ClipSpec.model_validate_json(spec.model_dump_json()) == spec


def test_what_a_released_model_says_of_its_clip_is_read() -> None:
    written = {"frames": 16, "size": [112, 112], "fit": {"kind": "resize_crop", "height": 128, "width": 171}}
    assert ClipSpec.model_validate(written).fit == ResizeCrop(height=128, width=171)
    assert ClipSpec.model_validate({"size": [128, 128], "fit": {"kind": "stretch"}}) == ClipSpec()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"frames": 0}, "greater than 0"),
        ({"frames": 9, "sampling": Window(length=1.6, step=0.4)}, "does not hold 9 frames"),
        ({"fit": Crop(short_side=100)}, "does not fit a short side of 100"),
        ({"fit": ResizeCrop(height=128, width=100)}, "does not fit frames of 128 x 100 pixels"),
        ({"speed": 2}, "Extra inputs"),
    ],
)
def test_specs_that_contradict_themselves_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ClipSpec(**wrong)
