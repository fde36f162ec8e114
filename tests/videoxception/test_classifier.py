from pathlib import Path

import pytest

from tests.videos import make_video
from videoxception import ACTIONS, Classifier, VideoError


def test_the_library_in_one_line(tmp_path: Path) -> None:
    classifier = Classifier.load("videoxception-a@1", device="cpu")
    prediction = classifier.predict(make_video(tmp_path / "clip.mp4", "libx264", 20))
    assert prediction.answer.label in ACTIONS
    assert prediction.clip.frames.shape == (10, 128, 128, 3)
    assert classifier.classes == list(ACTIONS)


def test_a_bad_file_is_a_video_error(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_text("no video")
    with pytest.raises(VideoError):
        Classifier.load(device="cpu").predict(tmp_path / "clip.mp4")
