from pathlib import Path

import numpy as np
import pytest

from tests.videos import make_video
from training.data.dataset import DataSet, Item
from training.errors import TrainingError
from training.evaluation.assignment import one_engine
from training.evaluation.predictions import score
from training.evaluation.views import Views
from videoxception.clip import ClipSpec, Frames, Window
from videoxception.video import decode

SPEC = ClipSpec(frames=4, size=(16, 24))


class Brightness:
    """An engine whose two logits are the brightness of a clip's first frame and of its right half."""

    device, precision = "cpu", "f32"

    def predict(self, frames: Frames) -> np.ndarray:
        assert frames.shape[1:] == SPEC.shape
        return np.stack([frames[:, 0].mean((1, 2, 3)), frames[:, :, :, 12:].mean((1, 2, 3, 4))], 1).astype(np.float32)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("views") / "clip.mp4", "mpeg4", 60, moving=True)


@pytest.mark.parametrize("count", [1, 3, 5, 6, 10])
@pytest.mark.parametrize("sampling", [SPEC.sampling, Window(length=1.6, step=0.4)])
def test_the_middle_view_is_the_services_own(video: Path, count: int, sampling: Window) -> None:
    spec, views = SPEC.model_copy(update={"sampling": sampling}), Views(count)
    clips = views.clips(spec, lambda asked: decode(video, asked).frames)
    assert clips.shape == (count, *spec.shape)
    assert np.array_equal(views.own(clips), decode(video, spec).frames)


def test_shifts_are_thirds_of_a_segment(video: Path) -> None:
    """Of 60 frames, segment i of 4 begins with number 15 i; the centres of its thirds are 2.5, 7.5 and 12.5 later."""
    every = decode(video, SPEC.model_copy(update={"frames": 60})).frames
    clips = Views(3).clips(SPEC, lambda asked: decode(video, asked).frames)
    for moment, offset in enumerate((2, 7, 12)):
        assert np.array_equal(clips[moment], every[[15 * i + offset for i in range(4)]])


def test_views_differ_and_half_of_them_are_mirrored(video: Path) -> None:
    clips = Views(6).clips(SPEC, lambda asked: decode(video, asked).frames)
    assert np.array_equal(clips[3:], clips[:3, :, :, ::-1])
    assert len({clip.tobytes() for clip in clips}) == 6


@pytest.mark.parametrize("count", [0, -1, 4, 8])
def test_views_without_a_middle_are_refused(count: int) -> None:
    with pytest.raises(TrainingError, match=f"--views must be odd .* but got {count}"):
        Views(count)


def test_the_protocol_says_how_many() -> None:
    assert str(Views(1)) == "single view"
    assert str(Views(2)) == "2 views (as it is and mirrored; probabilities averaged)"
    assert str(Views(6)) == "6 views (3 shifts in time, each also mirrored; probabilities averaged)"


def test_scores_are_of_all_views_and_of_each_frame_alone(video: Path) -> None:
    data = DataSet((Item(video, "a", "v"),), ("a", "b"))
    found = score(one_engine(Brightness()), SPEC, data, False, Views(3))
    assert found.logits.shape == (1, 3, 2)
    assert found.frames is not None
    own = decode(video, SPEC).frames
    assert found.logits[0, 1] == pytest.approx([own[0].mean(), own[:, :, 12:].mean()], rel=1e-5)
    assert found.frames[0, :, 0] == pytest.approx(own.mean((1, 2, 3)), rel=1e-5)


def test_a_still_has_no_other_moments(stills_root: Path) -> None:
    path = sorted(stills_root.glob("Punch/*.jpg"))[0]
    data = DataSet((Item(path, "a", "v"),), ("a", "b"))
    found = score(one_engine(Brightness()), SPEC, data, False, Views(2))
    assert found.frames is None
    assert "mid-frame accuracy" in found.kind
    with pytest.raises(TrainingError, match="--views 3: a still looks the same at every moment"):
        score(one_engine(Brightness()), SPEC, data, False, Views(3))
