"""Frames with a colour in each corner, stored the eight ways that files ask for, and read as they are shown."""

import struct
import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, decode
from videoxception.video.orientation import UPRIGHT, Matrix, matrix_of, orientation_of, sei_reader

RED, GREEN, BLUE, YELLOW = (200, 30, 30), (30, 170, 30), (40, 40, 200), (200, 200, 30)
WAYS = list(product((0, 90, 180, 270), (False, True)))  # degrees against the clock, and then a mirror


# Threads of its own write a header that cannot be muxed, once in a thousand files, on a busy machine.
X265 = {"x265-params": "log-level=-1:pools=none:frame-threads=1"}


def scene(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Red and green above blue and yellow: uint8 (height, width, 3)."""
    corners = np.array([[RED, GREEN], [BLUE, YELLOW]], np.uint8)
    return corners.repeat(height // 2, 0).repeat(width // 2, 1)


def make(
    path: Path, codec: str = "libx264", frames: int = 30, turn: tuple[int, bool] | None = None, gop: int = 10
) -> Path:
    """A video of the scene, 96x64, whose container asks for a turn against the clock and then a mirror."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options=X265 if "265" in codec else {})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size = gop
        if turn is not None:
            stream.set_display_rotation(turn[0], hflip=turn[1])
        for k in range(frames):
            frame = av.VideoFrame.from_ndarray(scene(96, 64), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def with_sei(source: Path, target: Path, unit: bytes, chosen: Callable[[int], bool], *, keys: bool = True) -> Path:
    """A copy in which the key frames of some numbers, or the packets, have a unit before them."""
    key = 0
    with av.open(str(source)) as original, av.open(str(target), "w") as copy:
        stream = original.streams.video[0]
        written = copy.add_stream_from_template(stream)
        for packet in original.demux(stream):
            content = bytes(packet)
            if content and (packet.is_keyframe or not keys):
                content = struct.pack(">I", len(unit)) * chosen(key) + unit * chosen(key) + content
                key += 1
            if content:
                new = av.Packet(content)
                new.pts, new.dts, new.time_base, new.duration = packet.pts, packet.dts, packet.time_base, 0
                new.is_keyframe, new.stream = packet.is_keyframe, written
                copy.mux(new)
    return target


def sei(turn: int, across: bool, down: bool, *, hevc: bool = False, before: bytes = b"") -> bytes:
    """An SEI unit with a display orientation message, behind another message: H.264 and H.265, annex D."""
    bits = across << 22 | down << 21 | turn * 65536 // 360 << 5 | (0b10000 if hevc else 0b01000)
    message = bytes([47, 3]) + bits.to_bytes(3, "big")
    return (bytes([39 << 1, 1]) if hevc else b"\x06") + before + message + b"\x80"


def shown(turn: int, mirror: bool) -> list[str]:
    """The colours of the corners, row by row, if the scene is turned against the clock and then mirrored."""
    letters = np.rot90(np.array([["R", "G"], ["B", "Y"]]), turn // 90)
    return list((letters[:, ::-1] if mirror else letters).ravel())


def corners(clip: Clip) -> set[tuple[str, ...]]:
    """The colours of the corners of a clip's frames, row by row; one entry if all frames are alike."""
    names = {"R": RED, "G": GREEN, "B": BLUE, "Y": YELLOW}
    places = [(20, 20), (20, -20), (-20, 20), (-20, -20)]
    return {
        tuple(min(names, key=lambda name: np.abs(frame[at].astype(int) - names[name]).sum()) for at in places)
        for frame in clip.frames
    }


@pytest.mark.parametrize(("turn", "mirror"), WAYS)
@pytest.mark.parametrize("container", ["mp4", "mov", "mkv"])
def test_all_eight_ways_that_a_container_may_ask_for(container: str, turn: int, mirror: bool, tmp_path: Path) -> None:
    path = make(tmp_path / f"clip.{container}", turn=(turn, mirror))
    for planned in (True, False):
        clip = decode(path, ClipSpec(), planned=planned)
        assert corners(clip) == {tuple(shown(turn, mirror))}
        assert (clip.width, clip.height) == ((64, 96) if turn % 180 else (96, 64))
        # A half turn of a mirrored frame is a mirror as well, from top to bottom.
        rotated = turn % 180 == 90 or (turn == 180 and not mirror)
        assert clip.warnings == ("rotated",) * rotated + ("mirrored",) * mirror


def test_key_frames_alone_are_shown_the_same_way(tmp_path: Path) -> None:
    clip = decode(make(tmp_path / "clip.mp4", turn=(90, True)), ClipSpec(), Limits(work=1))
    assert corners(clip) == {tuple(shown(90, True))}
    assert set(clip.warnings) >= {"key frames only", "rotated", "mirrored"}


@pytest.mark.parametrize(("codec", "hevc"), [("libx264", False), ("libx265", True)])
@pytest.mark.parametrize("chosen", [lambda key: True, lambda key: key == 0], ids=["every", "first"])
def test_an_orientation_sei_holds_for_all_frames_behind_it(
    codec: str, hevc: bool, chosen: Callable[[int], bool], tmp_path: Path
) -> None:
    """Twenty groups, of which a plan leaves half out: also the first one, which may be the only one that says so."""
    plain = make(tmp_path / "plain.mp4", codec, 200)
    path = with_sei(plain, tmp_path / "clip.mp4", sei(90, False, False, hevc=hevc), chosen)
    for planned in (True, False):
        clip = decode(path, ClipSpec(), planned=planned)
        assert clip.planned == planned
        assert corners(clip) == {tuple(shown(90, False))}
        assert clip.warnings == ("rotated",)


@pytest.mark.parametrize(("codec", "hevc"), [("libx264", False), ("libx265", True)])
@pytest.mark.parametrize("key", [5, 6, 7])
def test_an_orientation_that_begins_in_a_group_that_a_plan_leaves_out_holds(
    codec: str, hevc: bool, key: int, tmp_path: Path
) -> None:
    plain = make(tmp_path / "plain.mp4", codec, 200)
    path = with_sei(plain, tmp_path / "clip.mp4", sei(90, False, False, hevc=hevc), lambda number: number == key)
    planned, full = decode(path, ClipSpec()), decode(path, ClipSpec(), planned=False)
    assert np.array_equal(planned.frames, full.frames)
    assert corners(Clip(full.frames[-1:], 0, 0, 0, "", ())) == {tuple(shown(90, False))}
    assert planned.warnings == full.warnings == ("rotated",)


@pytest.mark.parametrize(("codec", "hevc"), [("libx264", False), ("libx265", True)])
@pytest.mark.parametrize("number", range(54, 59))
def test_an_orientation_that_begins_between_key_frames_holds(
    codec: str, hevc: bool, number: int, tmp_path: Path
) -> None:
    """In a group that a plan leaves out, or leaves at the wanted frame."""
    plain, unit = make(tmp_path / "plain.mp4", codec, 200), sei(90, False, False, hevc=hevc)
    path = with_sei(plain, tmp_path / "clip.mp4", unit, lambda packet: packet == number, keys=False)
    planned, full = decode(path, ClipSpec()), decode(path, ClipSpec(), planned=False)
    assert planned.planned
    assert np.array_equal(planned.frames, full.frames)
    assert corners(Clip(full.frames[-1:], 0, 0, 0, "", ())) == {tuple(shown(90, False))}
    assert planned.warnings == full.warnings == ("rotated",)


def test_an_orientation_that_is_cancelled_ends(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain.mp4", "libx264", 100, gop=50)
    turned = with_sei(plain, tmp_path / "turned.mp4", sei(90, False, False), lambda key: key == 0)
    clip = decode(with_sei(turned, tmp_path / "clip.mp4", b"\x06\x2f\x01\x80\x80", lambda key: key == 1), ClipSpec())
    assert [corners(half) for half in halves(clip)] == [{tuple(shown(90, False))}, {tuple(shown(0, False))}]


def test_a_frame_that_was_asked_for_its_matrix_is_let_go() -> None:
    """`frame.side_data` refers back to its frame, so that all frames would stay until garbage is collected."""
    frame = av.VideoFrame(16, 16)
    references = sys.getrefcount(frame)
    assert matrix_of(frame) is None
    assert sys.getrefcount(frame) == references


def test_an_orientation_may_change_on_the_way(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain.mp4", "libx264", 100, gop=50)
    clip = decode(with_sei(plain, tmp_path / "clip.mp4", sei(180, False, False), lambda key: key == 1), ClipSpec())
    assert [corners(half) for half in halves(clip)] == [{tuple(shown(0, False))}, {tuple(shown(180, False))}]
    assert clip.warnings == ("rotated",)


def halves(clip: Clip) -> list[Clip]:
    return [Clip(frames, clip.duration, clip.width, clip.height, clip.codec, ()) for frames in np.split(clip.frames, 2)]


@pytest.mark.parametrize(("turn", "across", "down"), list(product((0, 90, 180, 270), (False, True), (False, True))))
@pytest.mark.parametrize(("codec", "hevc"), [("libx264", False), ("libx265", True)])
def test_an_sei_is_read_as_ffmpeg_reads_it(
    codec: str, hevc: bool, turn: int, across: bool, down: bool, tmp_path: Path
) -> None:
    long = b"\x05\xff\x02" + bytes(range(3, 4)) * 257  # a message of 257 bytes comes first
    unit = sei(turn, across, down, hevc=hevc, before=long)
    path = with_sei(make(tmp_path / "plain.mp4", codec, 1), tmp_path / "clip.mp4", unit, lambda key: True)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packet = next(p for p in container.demux(stream) if p.size)
        matrix = read_sei(stream.codec_context, packet)
        stored = next(f for p in (packet, None) for f in stream.codec_context.decode(p)).side_data.get("DISPLAYMATRIX")
    by_ffmpeg = None if stored is None else struct.unpack_from("=5i", bytes(stored))
    expected = UPRIGHT if by_ffmpeg is None else orientation_of((*by_ffmpeg[:2], *by_ffmpeg[3:]))
    assert matrix is not None
    assert orientation_of(matrix) == expected


@pytest.mark.parametrize(
    ("before", "found"),
    [
        (bytes(4) * 10, True),
        (bytes(4) * 1000, False),
        (struct.pack(">I", 60_000) + b"\x0c" * 60_000, True),
        (struct.pack(">I", 70_000) + b"\x0c" * 70_000, False),
    ],
    ids=["few units", "many units", "a long unit", "a longer unit"],
)
def test_only_the_beginning_of_a_packet_is_looked_at(before: bytes, found: bool, tmp_path: Path) -> None:
    unit = sei(90, False, False)
    with av.open(str(make(tmp_path / "clip.mp4", frames=1))) as container:
        context = container.streams.video[0].codec_context
        packet = av.Packet(before + struct.pack(">I", len(unit)) + unit)
        assert (read_sei(context, packet) is not None) is found


def read_sei(context: av.CodecContext, packet: av.Packet) -> Matrix | None:
    read = sei_reader(context)
    assert read is not None
    return read(packet)


@pytest.mark.parametrize("matrix", [(0, 0, 0, 0), (46341, 46341, -46341, 46341), (65536, 0, 0, 0)])
def test_a_matrix_that_is_no_quarter_turn_is_passed_over(matrix: tuple[int, int, int, int]) -> None:
    assert orientation_of(matrix) == UPRIGHT


def test_scale_and_rounding_do_not_matter() -> None:
    assert orientation_of((3, 32768, -32768, 3)) == orientation_of((0, 1, -1, 0))
