"""The planned path against the full one, on made files of many kinds: the same bytes for fewer decoded frames."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.videos import RATE, make_video
from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, decode
from videoxception.video.packets import PacketTable
from videoxception.video.plan import REFERENCE, SKIP, WANTED, can_plan, make_plan
from videoxception.video.timing import Timing, time_frames

SPEC = ClipSpec()
PLANNED = {
    "mpeg4 in avi": ("clip.avi", "mpeg4", {}),
    "mpeg4 with B-frames in avi": ("clip.avi", "mpeg4", {"options": {"bf": "2"}}),
    "mpeg4 with B-frames in mp4": ("clip.mp4", "mpeg4", {"options": {"bf": "2"}}),
    "mpeg2 with B-frames in mkv": ("clip.mkv", "mpeg2video", {"options": {"bf": "2"}}),
    "raw m4v": ("clip.m4v", "mpeg4", {"container": "m4v"}),
    "h264 closed groups": ("clip.mp4", "libx264", {}),
    "h264 open groups": ("clip.mp4", "libx264", {"options": {"x264-params": "open-gop=1:scenecut=0:bframes=3"}}),
    "h264 pyramid in mkv": ("clip.mkv", "libx264", {"options": {"x264-params": "b-pyramid=normal:bframes=4"}}),
    "h264 without B-frames": ("clip.mp4", "libx264", {"options": {"bf": "0"}}),
    "h264 in flv": ("clip.flv", "libx264", {}),
    "h264 interlaced": ("clip.mp4", "libx264", {"options": {"x264-params": "tff=1:keyint=12"}}),
    "fragmented mp4": ("clip.mp4", "libx264", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "hevc": ("clip.mp4", "libx265", {"options": {"x265-params": "log-level=none:keyint=12"}}),
    "hevc open groups": ("clip.mkv", "libx265", {"options": {"x265-params": "log-level=none:keyint=12:open-gop=1"}}),
    "vp8": ("clip.webm", "libvpx", {"options": {"auto-alt-ref": "0"}}),
    "vp9": ("clip.webm", "libvpx-vp9", {}),
    "gif": ("clip.gif", "gif", {"pixel_format": "rgb8"}),
    "mjpeg": ("clip.avi", "mjpeg", {"pixel_format": "yuvj420p"}),
    "variable rate": ("clip.mkv", "libx264", {"times": [k * 3 + (k // 7) * 40 for k in range(150)]}),
}
STRAIGHT = {
    "h264 with B-frames in avi": ("clip.avi", "libx264", {}),
    "h264 in mpegts": ("clip.ts", "libx264", {}),
    "av1": ("clip.mkv", "libsvtav1", {"options": {"preset": "12", "svtav1-params": "keyint=12"}}),
    "raw h264": ("clip.h264", "libx264", {"container": "h264"}),
}


def both_ways(path: Path, limits: Limits | None = None) -> bool:
    """Whether the file could be planned, after a check that both ways give the same."""
    planned, full = decode(path, SPEC, limits), decode(path, SPEC, planned=False)
    assert np.array_equal(planned.frames, full.frames)
    assert facts(planned) == facts(full)
    assert planned.decoded < full.decoded if planned.planned else planned.decoded == full.decoded
    return planned.planned


def facts(clip: Clip) -> tuple[object, ...]:
    """What is said of a clip, however it was decoded."""
    return clip.timestamps, clip.duration, clip.warnings, clip.width, clip.height


@pytest.mark.parametrize("kind", PLANNED)
def test_planned_kinds(kind: str, tmp_path: Path) -> None:
    name, codec, how = PLANNED[kind]
    path = make_moving(tmp_path / name, codec, **how)
    assert both_ways(path)
    assert both_ways(path, Limits(memory=1))  # read twice, the second time by seeking


@pytest.mark.parametrize("kind", STRAIGHT)
def test_kinds_that_are_recognised_as_not_to_be_planned(kind: str, tmp_path: Path) -> None:
    name, codec, how = STRAIGHT[kind]
    assert not both_ways(make_moving(tmp_path / name, codec, **how))


def make_moving(path: Path, codec: str, **how: object) -> Path:
    """A video whose frames refer to each other: 150 of them, 12 to a group."""
    return make_video(path, codec, 150, moving=True, **how)


def remux(source: Path, target: Path, lie_about_keys: bool = False) -> Path:
    """The same packets in another container."""
    with av.open(str(source)) as original, av.open(str(target), "w") as copy:
        stream = original.streams.video[0]
        written = copy.add_stream_from_template(stream)
        for packet in original.demux(stream):
            if packet.size:
                packet.is_keyframe = packet.is_keyframe or lie_about_keys
                packet.stream = written
                copy.mux(packet)
    return target


def test_packets_that_lie_about_being_keys(tmp_path: Path) -> None:
    path = remux(make_moving(tmp_path / "clip.mp4", "mpeg4"), tmp_path / "lies.mp4", lie_about_keys=True)
    planned, full = decode(path, SPEC), decode(path, SPEC, planned=False)
    assert np.array_equal(planned.frames, full.frames)


@pytest.mark.parametrize("container", ["mkv", "mp4"])
def test_packed_frames_in_another_container(container: str, real_clips: Path, tmp_path: Path) -> None:
    """DivX's packed B-frames keep their scrambled times wherever they are copied to."""
    for source in (real_clips / "clips_other").rglob("*.avi"):
        path = remux(source, tmp_path / f"{source.stem}.{container}")
        planned, full = decode(path, SPEC), decode(path, SPEC, planned=False)
        assert np.array_equal(planned.frames, full.frames), source


@pytest.mark.parametrize("planned", [True, False])
def test_a_file_that_does_not_fit_into_memory_is_read_twice(planned: bool, tmp_path: Path) -> None:
    path = make_moving(tmp_path / "clip.mp4", "libx264")
    whole, twice = decode(path, SPEC, planned=planned), decode(path, SPEC, Limits(memory=1), planned=planned)
    assert np.array_equal(whole.frames, twice.frames)
    assert twice.planned is planned


def test_a_damaged_group_is_decoded_the_full_way(tmp_path: Path) -> None:
    path = make_moving(tmp_path / "clip.mp4", "libx264")
    content = bytearray(path.read_bytes())
    for at in range(3000, len(content) - 5000, 400):
        content[at] ^= 0xFF
    path.write_bytes(content)
    planned, full = decode(path, SPEC), decode(path, SPEC, planned=False)
    assert np.array_equal(planned.frames, full.frames)
    assert "damaged" in planned.warnings


def test_a_change_of_size_in_the_middle(tmp_path: Path) -> None:
    """Two raw streams of different sizes, one after the other, put into a Matroska file as one."""
    parts = [
        make_video(tmp_path / f"{width}.h264", "libx264", container="h264", size=(width, height), options={"bf": "0"})
        for width, height in [(96, 64), (64, 96)]
    ]
    joined = tmp_path / "joined.h264"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert not both_ways(joined)
    assert both_ways(copy_packets(joined, tmp_path / "joined.mkv"))


def copy_packets(path: Path, copy: Path) -> Path:
    """The packets of a raw stream without B-frames in another container, at 25 a second."""
    with av.open(str(path)) as source, av.open(str(copy), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size > 0]
        for k, packet in enumerate(packets):
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = k
            packet.duration = 1
            target.mux(packet)
    return copy


def test_frames_that_an_edit_list_cuts_off_are_not_shown(tmp_path: Path) -> None:
    """Half a second before time 0 belongs to the stream, and is marked as not to be shown."""
    cut = [k * 4 - 52 for k in range(150)]
    path = make_moving(tmp_path / "cut.mp4", "libx264", times=cut, container_options={"avoid_negative_ts": "disabled"})
    assert not both_ways(path)
    assert decode(path, SPEC).timestamps[0] == pytest.approx(0.28, abs=0.05)  # the middle of a tenth of 5.48 seconds
    assert both_ways(make_moving(tmp_path / "later.mp4", "libx264", times=[k * 4 + 52 for k in range(150)]))


def test_the_cost_does_not_grow_with_length(tmp_path: Path) -> None:
    short = make_video(tmp_path / "short.mp4", "libx264", 150, moving=True)
    long = make_video(tmp_path / "long.mp4", "libx264", 1500, moving=True)
    assert decode(long, SPEC).decoded <= 1.5 * decode(short, SPEC).decoded


def table_of(times: list[int], keys: set[int]) -> tuple[PacketTable, Timing]:
    count = len(times)
    marks = bytearray(i in keys for i in range(count))
    table = PacketTable(times=list(times), keys=marks, roles=bytearray(count), durations=[0] * count)
    return table, time_frames(table, times, RATE_BASE, RATE_BASE)


RATE_BASE = Fraction(RATE)


def test_a_plan_decodes_from_the_key_frame_to_the_wanted_one() -> None:
    table, timing = table_of(list(range(12)), {0, 4, 8})
    assert list(make_plan(table, timing, [6])) == [SKIP] * 4 + [REFERENCE, REFERENCE, WANTED] + [SKIP] * 5


def test_a_frame_shown_before_its_key_frame_needs_the_group_before() -> None:
    """Decoding order I0 P3 B1 B2 | I6 B4 B5: 4 and 5 lie behind I6 in the file, and refer to P3 as well."""
    table, timing = table_of([0, 3, 1, 2, 6, 4, 5], {0, 4})
    assert list(make_plan(table, timing, [4])) == [REFERENCE] * 5 + [WANTED, SKIP]
    assert list(make_plan(table, timing, [6])) == [SKIP] * 4 + [WANTED, SKIP, SKIP]


@pytest.mark.parametrize(
    ("container", "codec", "times", "possible"),
    [
        ("avi", "mpeg4", [0, 1, 2], True),
        ("avi", "mpeg4", [0, 2, 1], False),
        ("matroska,webm", "h264", [0, 2, 1], True),
        ("mpegts", "h264", [0, 1, 2], False),
        ("matroska,webm", "libdav1d", [0, 1, 2], False),
    ],
)
def test_what_can_be_planned(container: str, codec: str, times: list[int], possible: bool) -> None:
    assert can_plan(container, codec, *table_of(times, {0})) is possible
