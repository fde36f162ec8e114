"""Answers from key frames alone, for videos over the limit on work."""

from pathlib import Path

import av
import numpy as np
import pytest

from tests.videos import RATE, level, make_video, nearest_levels
from videoxception.clip import ClipSpec
from videoxception.video import Limits, TooLong, decode

SPEC = ClipSpec()
NOTHING = Limits(work=1)  # pixel to decode, so that every video is over it
# Encoders that would put a key frame at every change of the grey are told not to.
UNCUT_MPEG4, UNCUT_X264 = {"sc_threshold": "1000000000"}, {"sc_threshold": "0"}
KINDS = {
    "mpeg4 in avi": ("clip.avi", "mpeg4", {"options": UNCUT_MPEG4}),
    "mpeg4 with B-frames in avi": ("clip.avi", "mpeg4", {"options": {"bf": "2", **UNCUT_MPEG4}}),
    "h264 in mp4": ("clip.mp4", "libx264", {"options": UNCUT_X264}),
    "h264 open groups": ("clip.mkv", "libx264", {"options": {"x264-params": "open-gop=1:scenecut=0:bframes=3"}}),
    "h264 in mpegts": ("clip.ts", "libx264", {"options": UNCUT_X264}),
    "hevc": ("clip.mp4", "libx265", {"options": {"x265-params": "log-level=none:keyint=12"}}),
    "av1": ("clip.mkv", "libsvtav1", {"options": {"preset": "12", "svtav1-params": "keyint=12"}}),
    "vp9": ("clip.webm", "libvpx-vp9", {}),
    "raw m4v": ("clip.m4v", "mpeg4", {"container": "m4v", "options": UNCUT_MPEG4}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_frame_is_a_key_frame_and_has_its_own_time(kind: str, tmp_path: Path) -> None:
    name, codec, how = KINDS[kind]
    clip = decode(make_video(tmp_path / name, codec, 150, gop=12, **how), SPEC, NOTHING)
    numbers = [round(time * RATE) for time in clip.timestamps]
    wanted = [(2 * i + 1) * 150 // 20 for i in range(10)]
    assert clip.warnings[0] == "key frames only"
    assert clip.decoded == len(set(numbers)) <= 10
    assert nearest_levels(clip.frames) == [level(k) for k in numbers]
    assert all(abs(k - w) <= 12 for k, w in zip(numbers, wanted, strict=True))  # a group has 12 frames


def test_a_setting_refuses_instead(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264")
    with pytest.raises(TooLong, match="1 pixels to decode"):
        decode(path, SPEC, Limits(work=1, key_frames=False))


def test_a_video_within_the_limit_on_work_is_decoded_as_ever(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 40)
    whole = 40 * 96 * 64
    assert "key frames only" not in decode(path, SPEC, Limits(work=whole), planned=False).warnings
    assert "key frames only" in decode(path, SPEC, Limits(work=whole - 1), planned=False).warnings


def test_packets_that_are_not_kept_are_read_again(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", "libx264", 150)
    kept, again = decode(path, SPEC, NOTHING), decode(path, SPEC, Limits(work=1, memory=1))
    assert np.array_equal(kept.frames, again.frames)


def test_a_key_frame_that_is_damaged_gives_way_to_the_one_before(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.webm", "libvpx-vp9", 150, gop=50)
    with av.open(str(path)) as container:
        second = bytes([packet for packet in container.demux(video=0) if packet.is_keyframe][1])
    content = path.read_bytes()
    assert content.count(second) == 1
    header = second[:16]  # whole, or the file's reader would not take it for a key frame
    path.write_bytes(content.replace(second, header + b"\xff" * (len(second) - len(header))))
    clip = decode(path, SPEC, NOTHING)
    assert clip.warnings == ("damaged", "key frames only")
    assert nearest_levels(clip.frames) == [level(0)] * 5 + [level(100)] * 5
