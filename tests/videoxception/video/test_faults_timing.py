"""The given faulty files whose lengths or clocks mislead; ten bits in a strip of each frame are its number."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from videoxception.clip import Clip, ClipSpec
from videoxception.video import decode

TENTHS = list(range(2, 40, 4))
FRAMES = {
    "frag_10h.mp4": TENTHS,
    "piped_10.avi": list(range(3, 60, 6)),
    "ab_600.ts": list(range(5, 100, 10)),
    "ab_3600.ts": list(range(5, 100, 10)),
    "vfr_dup.mkv": [0, 1, 2, 3, 4, 5, 6, 7, 34, 96],
}
DURATIONS = {"frag_10h.mp4": 1.6, "piped_10.avi": 6.0, "ab_600.ts": 4.0, "ab_3600.ts": 4.0, "vfr_dup.mkv": 9.9}


def decode_fault(real_clips: Path, name: str) -> Clip:
    path = real_clips / "faults" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return decode(path, ClipSpec())


def numbers(frames: npt.NDArray[np.uint8]) -> list[int]:
    """The numbers in the frames of a clip (F, 128, 128, 3): white is 1, the highest bit is on the left."""
    centres = [round(12.8 + 10.24 * (bit + 0.5)) for bit in range(10)]
    bits = frames[:, 62:72, :, 0].mean(1)[:, centres] > 127
    return [int("".join(str(int(bit)) for bit in row), 2) for row in bits]


@pytest.mark.parametrize("name", FRAMES)
def test_the_right_frames_are_shown(name: str, real_clips: Path) -> None:
    clip = decode_fault(real_clips, name)
    assert numbers(clip.frames) == FRAMES[name]
    assert clip.duration == pytest.approx(DURATIONS[name], abs=0.01)
    assert set(clip.warnings) <= {"variable rate"}


def test_a_segment_is_as_long_as_its_frames(real_clips: Path) -> None:
    assert decode_fault(real_clips, "hls_init_plus_seg.mp4").duration == pytest.approx(8.0)


def test_a_cut_download_is_said_to_be_one(real_clips: Path) -> None:
    clip = decode_fault(real_clips, "trunc_0.3.mp4")
    assert "truncated" in clip.warnings
    assert numbers(clip.frames) == sorted(set(numbers(clip.frames)))
