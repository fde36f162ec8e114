"""The given faulty videos, one by one; ten bits in a strip of each frame are its number, and each corner has a colour.

Tests of their kinds, with files made by code, are in the modules' own tests.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.videoxception.video.test_orientation import corners
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
CHOSEN = {  # of several streams: the numbers of the frames, and the place of the stream that is taken
    "two_default2.mp4": (TENTHS, "video 2 of 2"),
    "small_first.mp4": (TENTHS, "video 2 of 2"),
    "jpg_first.mp4": (TENTHS, "video 2 of 2"),
    "empty_first.mkv": (TENTHS, "video 2 of 2"),
    "x.avif": (list(range(10)), None),
}
SHOWN = {  # as they are shown: the corners row by row
    "m_hflip.mp4": ("GRYB", "mirrored"),
    "m_vflip.mp4": ("BYRG", "mirrored"),
    "m_transpose.mp4": ("RBGY", "mirrored"),
    "sei_rot90.mp4": ("GYRB", "rotated"),
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


@pytest.mark.parametrize("name", CHOSEN)
def test_the_right_stream_is_taken(name: str, real_clips: Path) -> None:
    chosen, place = CHOSEN[name]
    clip = decode_fault(real_clips, name)
    assert numbers(clip.frames) == chosen
    assert place is None or place in clip.warnings


@pytest.mark.parametrize("name", SHOWN)
def test_frames_are_shown_as_the_file_asks(name: str, real_clips: Path) -> None:
    expected, warning = SHOWN[name]
    clip = decode_fault(real_clips, name)
    assert corners(clip) == {tuple(expected)}
    assert warning in clip.warnings


def test_hdr_is_seen_as_the_same_footage_in_sdr(real_clips: Path) -> None:
    """Within 5 of 255 pixel by pixel, of which the coding of both files is the most; blocks of 32x32 within 1."""
    hdr, sdr = (decode_fault(real_clips, f"hdr_{kind}.mp4") for kind in ("hlg", "sdr"))
    assert np.abs(hdr.frames.astype(int) - sdr.frames).mean() < 5
    assert np.abs(in_blocks(hdr.frames) - in_blocks(sdr.frames)).mean() < 1
    assert hdr.warnings == ("hdr",)


def in_blocks(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The mean colours of blocks of 32x32 pixels."""
    means: npt.NDArray[np.float64] = frames.astype(float).reshape(10, 4, 32, 4, 32, 3).mean((2, 4))
    return means


def test_every_given_fault_has_a_test(real_clips: Path) -> None:
    listed = real_clips / "faults/FAULTS.tsv"
    if not listed.exists():
        pytest.skip(f"{listed} is not there")
    names = {line.split("\t")[0] for line in listed.read_text().splitlines()[1:]}
    here = {*FRAMES, *CHOSEN, *SHOWN, "hdr_hlg.mp4", "hls_init_plus_seg.mp4", "trunc_0.3.mp4"}
    archives = {f"train_{name}.tar.gz" for name in ("nested", "exts", "hidden", "dup", "split_validation")}
    assert names == here | archives  # those of the trainer: tests/training/data/test_faults.py
