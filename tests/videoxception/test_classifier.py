import gc
import io
import time
from pathlib import Path

import av
import numpy as np
import pytest

from tests.shipped import REFERENCE
from tests.videos import make_video, moving_frame
from tests.videoxception.test_store import install, store_at, with_answer_sets
from videoxception import ACTIONS, Classifier, CoverageError, Prediction, Release, VideoError


def test_the_library_in_one_line(tmp_path: Path) -> None:
    classifier = Classifier.load(REFERENCE, device="cpu")
    prediction = classifier.predict(make_video(tmp_path / "clip.mp4", "libx264", 20))
    assert prediction.answer.label in ACTIONS
    assert prediction.clip.frames.shape == (10, 128, 128, 3)
    assert classifier.classes == list(ACTIONS)


def test_many_files_in_turn(tmp_path: Path) -> None:
    good = make_video(tmp_path / "clip.mp4", "libx264", 20)
    (tmp_path / "text.mp4").write_text("no video")
    files = [good, tmp_path / "text.mp4", tmp_path / "nowhere", *[good] * 5]
    with Classifier.load(device="cpu", decoders=2) as classifier:
        alone = classifier.predict(good)
        outcomes = list(classifier.predict_each(files))
    assert isinstance(outcomes[1], VideoError)
    assert isinstance(outcomes[2], FileNotFoundError)
    answers = [outcome.answer for outcome in outcomes if isinstance(outcome, Prediction)]
    assert answers == [alone.answer] * 6


def test_the_answer_set_is_of_the_coverage_that_is_asked_for(release: Release, tmp_path: Path) -> None:
    with_answer_sets(install(release, tmp_path / "store"))
    video = make_video(tmp_path / "clip.mp4", "libx264", 20)
    with Classifier.load("toy", store=store_at(tmp_path / "store"), device="cpu") as classifier:
        (usual,) = classifier.predict_each([video])
        answers = [classifier.predict(video, coverage=coverage).answer for coverage in (0.5, 0.95, 0.999)]
        (wide,) = classifier.predict_each([video], coverage=0.999)
        for asked in (
            lambda: classifier.predict(video, coverage=1),
            lambda: [*classifier.predict_each([], coverage=1)],
        ):
            with pytest.raises(CoverageError, match="got 1"):
                asked()
    assert isinstance(usual, Prediction)
    assert isinstance(wide, Prediction)
    assert [usual.answer, wide.answer] == answers[1:]
    sets = [set(answer.answer_set or ()) for answer in answers]
    assert answers[0].label in sets[0]
    assert sets[0] < sets[1] < sets[2]


def test_the_decoders_end_with_the_classifier() -> None:
    before = children()  # of other tests
    classifier = Classifier.load(device="cpu")
    while children() <= before:
        time.sleep(0.01)
    del classifier
    gc.collect()
    assert children() <= before


def children() -> set[str]:
    """The process ids of this process's children."""
    return set(" ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children")).split())


def test_a_bad_file_is_a_video_error(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_text("no video")
    with pytest.raises(VideoError):
        Classifier.load(device="cpu").predict(tmp_path / "clip.mp4")


def test_bytes_and_file_objects_are_answered_as_paths_are(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 20)
    content = path.read_bytes()
    with Classifier.load(REFERENCE, device="cpu") as classifier, path.open("rb") as file:
        expected = classifier.predict(path).answer
        for video in (content, memoryview(content), file, io.BytesIO(content)):
            assert classifier.predict(video).answer == expected


def test_frames_are_answered_as_their_file_is(tmp_path: Path) -> None:
    """A file that holds the very bytes of the frames."""
    frames = np.stack([moving_frame(k, 160, 120) for k in range(23)])
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "bgr24"
        for frame in frames:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
    with Classifier.load(REFERENCE, device="cpu") as classifier:
        of_file, of_frames = classifier.predict(path), classifier.predict(frames)
        with pytest.raises(ValueError, match="uint8"):
            classifier.predict(frames.astype(np.float32))
        with pytest.raises(VideoError, match="no frames"):
            classifier.predict(frames[:0])
    assert of_frames.answer == of_file.answer
    assert of_frames.clip.timestamps == of_file.clip.timestamps
    assert of_frames.clip.warnings == ("no times",)
