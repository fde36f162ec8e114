from pathlib import Path

import av
import pytest

from benchmarks.timeline.film import Part, clips_in, join, merged
from benchmarks.timeline.phone import phone_video
from benchmarks.timeline.scores import boundary_errors, edit_score, frame_accuracy, main_label, mean_average_precision
from tests.videos import make_video
from videoxception.clip import ClipSpec
from videoxception.timeline import Entry
from videoxception.video import decode

TRUTH = [Part(0, 4, "A"), Part(4, 6, None), Part(6, 10, "B")]


def entries(*parts: tuple[float, float, str | None]) -> list[Entry]:
    return [Entry(start, end, label, 1 - number / 10) for number, (start, end, label) in enumerate(parts)]


RIGHT = entries((0, 4, "A"), (4, 6, None), (6, 10, "B"))


def test_a_film_shows_its_clips_one_after_the_other(tmp_path: Path) -> None:
    for name, frames in (("A/one.mp4", 50), ("A/two.avi", 25), ("other/three.mp4", 75)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        make_video(tmp_path / name, "mpeg4", frames)
    clips = clips_in([tmp_path], ["A", "B"])
    assert [(path.name, label) for path, label in clips] == [("one.mp4", "A"), ("two.avi", "A"), ("three.mp4", None)]
    parts = join(tmp_path / "film.mp4", clips, seed=1)
    assert sum(part.end - part.start for part in parts) == pytest.approx(6.0)
    assert decode(tmp_path / "film.mp4", ClipSpec()).duration == pytest.approx(6.0)
    assert {part.clip.name: round(part.end - part.start) for part in parts if part.clip} == {
        "one.mp4": 2,
        "two.avi": 1,
        "three.mp4": 3,
    }
    assert parts == join(tmp_path / "film.mp4", clips, seed=1)


def test_neighbours_of_one_label_are_one_part() -> None:
    assert merged([Part(0, 1, None), Part(1, 2, None), Part(2, 3, "A")]) == [Part(0, 2, None), Part(2, 3, "A")]


def test_the_right_timeline_has_full_marks() -> None:
    assert frame_accuracy(TRUTH, RIGHT) == 1
    assert mean_average_precision(TRUTH, RIGHT) == 1
    assert edit_score(TRUTH, RIGHT) == 1
    assert boundary_errors(TRUTH, RIGHT) == [0, 0]


def test_marks_of_a_wrong_one() -> None:
    """A is found half a second late, B is cut in two, and there is one that is not there."""
    found = entries((0, 4.5, "A"), (4.5, 6, None), (6, 9, "B"), (9, 9.5, "A"), (9.5, 10, "B"))
    assert frame_accuracy(TRUTH, found) == pytest.approx(0.9, abs=0.01)
    # A: a hit, then a miss of lower confidence; B: 3 of 4 seconds are a hit, then a second one of the same is none.
    assert mean_average_precision(TRUTH, found) == 1
    assert edit_score(TRUTH, found) == pytest.approx(1 - 2 / 5)
    assert boundary_errors(TRUTH, found) == pytest.approx([0.5, 0.0])


def test_the_label_of_most_of_a_part() -> None:
    found = entries((0, 0.9, "B"), (0.9, 3, None), (3, 4.5, "B"), (4.5, 10, "A"))
    assert [main_label(part, found) for part in TRUTH] == [None, "A", "A"]
    assert main_label(Part(0, 4.5, "A"), found) == "B"


def test_average_precision_counts_confident_mistakes() -> None:
    found = entries((4, 6, "A"), (0, 4, "A"))
    assert mean_average_precision(TRUTH, found) == pytest.approx((1 / 2 + 0) / 2)


def test_a_phones_video_repeats_what_was_encoded(tmp_path: Path) -> None:
    path = phone_video(tmp_path / "film.mp4", 0.02, 1_000_000, encoded=1)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert len(packets) == 36
    assert [packet.is_keyframe for packet in packets] == [k % 30 == 0 for k in range(36)]
    assert decode(path, ClipSpec()).frames.std() > 0
