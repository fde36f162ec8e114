"""Which frames of awkward clocks are shown when: what a header claims does not count, nor what nobody sees."""

import re
import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.numbered import Coded, coded, mux, numbers
from tests.paff import make_paff
from tests.pipe import Pipe
from tests.videos import RATE, level, nearest_levels
from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, TooLong, decode
from videoxception.video.packets import PacketTable
from videoxception.video.timing import time_frames

SPEC = ClipSpec()
B_FRAMES = ("bf", "2")
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
EVEN = [k * 40 for k in range(48)]


def centres(frames: int) -> list[int]:
    """The frames of the rule at a constant rate."""
    return [(2 * i + 1) * frames // 20 for i in range(10)]


def h264() -> Coded:
    return coded("libx264", 48, B_FRAMES)


def assert_all_there(clip: Clip, frames: int = 48) -> None:
    """Frames at 25 a second, all of them, and nothing to say about them."""
    assert numbers(clip.frames) == centres(frames)
    assert clip.duration == pytest.approx(frames / RATE, abs=0.003)
    assert clip.timestamps == pytest.approx([k / RATE for k in centres(frames)], abs=0.003)
    assert clip.warnings == ()


@pytest.mark.parametrize("name", ["clip.mkv", "clip.flv", "clip.ts"])
def test_a_file_may_start_late(name: str, tmp_path: Path) -> None:
    mux(tmp_path / name, h264(), [1_280_000 + time for time in EVEN])
    assert_starts_late(tmp_path / name)
    assert_all_there(decode(tmp_path / name, SPEC))


def assert_starts_late(path: Path) -> None:
    with av.open(str(path)) as container:
        assert container.start_time is not None
        assert container.start_time > 1200 * av.time_base


def test_a_segment_may_follow_the_header_of_a_stream(tmp_path: Path) -> None:
    """HLS and DASH hand out segments of fragments, whose time is that of the stream (tfdt)."""
    path = tmp_path / "clip.mp4"
    mux(path, h264(), EVEN, options=FRAGMENTED)
    content = bytearray(path.read_bytes())
    (timescale,) = struct.unpack_from(">I", content, content.index(b"mdhd") + 16)
    for found in re.finditer(b"tfdt\1", content):
        (time,) = struct.unpack_from(">Q", content, found.end() + 3)
        struct.pack_into(">Q", content, found.end() + 3, time + 1280 * timescale)
    path.write_bytes(content)
    assert_starts_late(path)
    assert_all_there(decode(path, SPEC))


def test_a_promised_length_is_not_asked(tmp_path: Path) -> None:
    """A live recorder writes fragments behind a header that says ten hours."""
    path = tmp_path / "clip.mp4"
    mux(path, h264(), EVEN, options=FRAGMENTED)
    content = bytearray(path.read_bytes())
    at = content.index(b"mdhd") + 16
    (timescale,) = struct.unpack_from(">I", content, at)
    struct.pack_into(">I", content, at + 4, 36_000 * timescale)
    path.write_bytes(content)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.duration == 36_000 * timescale
    assert_all_there(decode(path, SPEC))


@pytest.mark.parametrize("container", ["avi", "matroska", "flv", "asf", "mpegts"])
def test_a_file_may_be_written_to_a_pipe(container: str, tmp_path: Path) -> None:
    codec = {"avi": "mjpeg", "asf": "wmv2"}.get(container, "libx264")
    pipe = Pipe()
    mux(pipe, coded(codec, 48), range(48), time_base=Fraction(1, RATE), container=container)
    (tmp_path / "clip").write_bytes(pipe.content)
    assert_all_there(decode(tmp_path / "clip", SPEC))


def test_the_limit_on_duration_is_that_of_the_frames(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    mux(path, h264(), [*EVEN[:-1], 3_600_000])
    with pytest.raises(TooLong, match="3600 seconds long"):
        decode(path, SPEC)


STREAMS = {
    "ts h264": ("clip.ts", "libx264"),
    "ts mpeg2": ("clip.ts", "mpeg2video"),
    "ps mpeg2": ("clip.mpg", "mpeg2video"),
}


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("jumps", [[600], [3_600], [90_000], [-300], [-2], [600, -900]])
def test_clocks_that_jump_are_joined(kind: str, jumps: list[int], tmp_path: Path) -> None:
    """Recordings, one behind the other, each with a clock of its own."""
    name, codec = STREAMS[kind]
    parts, start, group = [], 1_000, 24
    for part, jump in enumerate([0, *jumps]):
        start += jump
        mux(tmp_path / name, coded(codec, group, B_FRAMES, first=part * group), _later(EVEN[:group], start))
        parts.append((tmp_path / name).read_bytes())
    (tmp_path / name).write_bytes(b"".join(parts))
    assert_all_there(decode(tmp_path / name, SPEC), group * len(parts))


def _later(times: list[int], seconds: int) -> list[int]:
    return [time + 1000 * seconds for time in times]


@pytest.mark.parametrize("lost", [[0], [20], [21], [22], [47], [5, 30]])
def test_missing_times_are_interpolated(lost: list[int], tmp_path: Path) -> None:
    path = tmp_path / "clip.ts"
    mux(path, h264(), EVEN)
    content = bytearray(path.read_bytes())
    starts = [found.start() for found in re.finditer(b"\0\0\1\xe0", content)]
    assert len(starts) == 48
    for number in lost:
        content[starts[number] + 7] &= 0x3F  # PTS_DTS_flags (ISO/IEC 13818-1, 2.4.3.7)
    path.write_bytes(content)
    with av.open(str(path)) as container:
        assert [i for i, p in enumerate(container.demux(video=0)) if p.size and p.pts is None] == lost
    assert_all_there(decode(path, SPEC))


def test_a_stray_time_does_not_make_a_video_long(tmp_path: Path) -> None:
    path = tmp_path / "clip.ts"
    mux(path, h264(), _later(EVEN, 100))
    content = bytearray(path.read_bytes())
    start = [found.start() for found in re.finditer(b"\0\0\1\xe0", content)][20]
    assert content[start + 7] & 0xC0 == 0xC0  # the times of showing and of decoding
    time = 2**31
    content[start + 9 : start + 14] = bytes(
        [
            0x31 | time >> 29 & 0x0E,
            time >> 22 & 0xFF,
            time >> 14 & 0xFE | 1,
            time >> 7 & 0xFF,
            time << 1 & 0xFE | 1,
        ]
    )
    path.write_bytes(content)
    with av.open(str(path)) as container:
        assert max(p.pts for p in container.demux(video=0) if p.pts is not None) > 3600 * 90_000
    assert_all_there(decode(path, SPEC))


@pytest.mark.parametrize(("mended", "span"), [([0, 40, 99_000], 99_500), ([0, 40, 80], 120)])
def test_where_times_are_mended_the_last_one_in_the_file_may_be_another(mended: list[int | None], span: int) -> None:
    table = PacketTable(times=[0, 40, 99_000], keys=bytearray(3), roles=bytearray(3), durations=[40, 40, 500])
    assert time_frames(table, mended, Fraction(1, 1000), Fraction(RATE)).timeline.span == span


def hide_vp8(packet: bytes) -> bytes:
    """Clear show_frame of a VP8 frame (RFC 6386, 9.1): it is referred to, and never seen."""
    return bytes([packet[0] & ~0x10]) + packet[1:]


@pytest.mark.parametrize("planned", [True, False])
def test_hidden_frames_of_vp8_are_none(planned: bool, tmp_path: Path) -> None:
    """Every sixth frame is hidden. It has a time of its own, as encoders give it: just before that of the next."""
    video, path = coded("libvpx", 60, gop=30), tmp_path / "clip.webm"
    packets = ((hide_vp8(c) if k % 6 == 5 else c, k, key) for c, k, key in video.packets)
    times = [(k - k // 6) * 40 - (k % 6 == 5) for k in range(60)]
    mux(path, Coded(video.header, tuple(packets)), times)
    assert_hidden_are_none(path, [k for k in range(60) if k % 6 != 5], planned)


def assert_hidden_are_none(path: Path, seen: list[int], planned: bool) -> None:
    clip = decode(path, SPEC, planned=planned)
    assert numbers(clip.frames) == [seen[k] for k in centres(len(seen))]
    assert clip.duration == pytest.approx(len(seen) / RATE)
    assert (clip.warnings, clip.planned) == ((), planned)


@pytest.mark.parametrize("planned", [True, False])
def test_hidden_frames_of_vp9_are_none(planned: bool, tmp_path: Path) -> None:
    """Every key frame but the first is hidden, and shown later by a packet that only names it (show_existing_frame)."""
    packets: list[tuple[bytes, int, bool]] = []
    for content, k, key in coded("libvpx-vp9", 60, gop=6).packets:
        if key and k > 0:
            packets.append((bytes([content[0] & ~0x02]) + content[1:], 40 * k - 30, True))
            packets.append((b"\x88", 40 * k, False))
        else:
            packets.append((content, 40 * k, key))
    placed = tuple((content, place, key) for place, (content, _, key) in enumerate(packets))
    assert len(placed) == 69
    header, path = coded("libvpx-vp9", 60, gop=6).header, tmp_path / "clip.webm"
    mux(path, Coded(header, placed), [time for _, time, _ in packets], options={"fflags": "-autobsf"})
    assert_hidden_are_none(path, list(range(60)), planned)


PAFF = {
    "raw": ("clip.h264", True, ("no times",)),
    "ts, two fields a packet": ("clip.ts", True, ()),
    "ts, one field a packet": ("clip.ts", False, ()),
    "mp4, two fields a packet": ("clip.mp4", True, ()),
    "mp4, one field a packet": ("clip.mp4", False, ()),
    "mkv, two fields a packet": ("clip.mkv", True, ()),
    "mkv, one field a packet": ("clip.mkv", False, ()),
}


@pytest.mark.parametrize("high", [False, True])
@pytest.mark.parametrize("kind", PAFF)
def test_two_fields_are_one_frame(kind: str, high: bool, tmp_path: Path) -> None:
    name, together, warnings = PAFF[kind]
    clip = decode(make_paff(tmp_path / name, 40, together=together, high=high), SPEC)
    assert nearest_levels(clip.frames) == [level(k) for k in centres(40)]
    assert clip.timestamps == pytest.approx([k / RATE for k in centres(40)])
    assert clip.duration == (None if kind == "raw" else pytest.approx(40 / RATE))
    assert clip.warnings == warnings


@pytest.mark.parametrize("kind", PAFF)
def test_key_frames_alone_have_both_fields(kind: str, tmp_path: Path) -> None:
    name, together, _ = PAFF[kind]
    clip = decode(make_paff(tmp_path / name, 40, together=together), SPEC, Limits(work=1))
    shown = [round(time * RATE) for time in clip.timestamps]
    assert [int(frame.std()) for frame in clip.frames] == [0] * 10  # no line is missing
    assert nearest_levels(clip.frames) == [level(k) for k in shown]
    assert clip.warnings[0] == "key frames only"


def test_behind_a_lost_field_frames_keep_their_numbers(tmp_path: Path) -> None:
    path = make_paff(tmp_path / "clip.ts", 40, together=False)
    content = path.read_bytes()
    packets = [content[at : at + 188] for at in range(0, len(content), 188)]
    starts = [i for i, packet in enumerate(packets) if packet[1:3] == b"\x41\0"]  # of a field, PID 256
    path.write_bytes(b"".join(packets[: starts[37]] + packets[starts[38] :]))  # frame 18 has one field
    with av.open(str(path)) as container:
        decoded = {frame.pts // 3600 for frame in container.decode(video=0) if frame.pts is not None}
    assert set(range(40)) - decoded == {18}
    shown = [17 if k == 18 else k for k in centres(40)]
    clip = decode(path, SPEC)
    assert nearest_levels(clip.frames) == [level(k) for k in shown]
    assert clip.warnings == ("damaged",)
