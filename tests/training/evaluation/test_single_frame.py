import numpy as np
import pytest

from training.evaluation.bootstrap import SourceVideos
from training.evaluation.single_frame import compare, frame_clips, measure_baselines


def test_each_frame_stands_still() -> None:
    clip = np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3)
    clips = frame_clips(clip)
    assert clips.shape == (3, 3, 2, 2, 3)
    for i in range(3):
        for k in range(3):
            assert (clips[i, k] == clip[i]).all()


def test_a_gain_in_every_source_video() -> None:
    videos = SourceVideos([f"v{i // 3}" for i in range(18)])
    found = compare(np.ones(18, bool), np.arange(18) % 3 == 0, videos)
    assert found.top1 == pytest.approx(1 / 3, abs=1e-4)
    assert found.gain == pytest.approx(2 / 3, abs=1e-4)
    assert found.gain_interval == pytest.approx((2 / 3, 2 / 3), abs=1e-4)


def test_no_difference_is_no_gain() -> None:
    right = np.arange(10) % 2 == 0
    found = compare(right, right, SourceVideos([str(i) for i in range(10)]))
    assert (found.gain, found.gain_interval) == (0, (0, 0))


def test_a_model_that_needs_motion_beats_its_single_frames() -> None:
    """It is right on whole clips; of ten single frames, the middle one alone tells."""
    n = 12
    truth = np.arange(n) % 2
    frames = np.zeros((n, 10, 2), np.float32)
    frames[np.arange(n), :, 1 - truth] = 1
    frames[np.arange(n), 5, truth] = 3
    rows = np.eye(2)[truth]
    found = measure_baselines(rows, frames, truth, SourceVideos([str(i) for i in range(n)]), 1.0)
    assert found.mean_of_frames.top1 == 0
    assert found.mean_of_frames.gain == 1
    assert found.middle_frame.top1 == 1
