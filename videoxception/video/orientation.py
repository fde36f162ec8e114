"""Which way up a frame is shown: the eight ways of a display matrix, and the SEI messages that ask for one."""

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import cos, radians, sin
from typing import cast

from av.codec.context import CodecContext
from av.packet import Packet
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

Matrix = tuple[float, float, float, float]
"""(a, b, c, d) of a display matrix: the point (x, y) is shown at (ax + cy, bx + dy), in any scale."""

_AXIS = 0.0175  # below the sine of one degree, an entry of a matrix counts as 0; FFmpeg allows as much
_HEAD, _MOST = 65_536, 1000  # bytes, and NAL units in them, that are looked at: such a message comes before the frame
_ORIENTATION = 47  # the payload type of a display orientation SEI, ITU-T H.264 and H.265, annex D


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored frame becomes the one that is shown: FFmpeg's filters, and those of clip.WARNINGS that say so."""

    filters: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return (width, height) as shown."""
        return (height, width) if any(name == "transpose" for name, _ in self.filters) else (width, height)


UPRIGHT = Orientation()
CLOCKWISE = Orientation((("transpose", "clock"),), ("rotated",))
# Signs of (a, b, c, d) -> the filters of FFmpeg's own autorotation. A negative determinant is a mirror.
_ORIENTATIONS = {
    (1, 0, 0, 1): UPRIGHT,
    (0, 1, -1, 0): CLOCKWISE,
    (-1, 0, 0, -1): Orientation((("hflip", ""), ("vflip", "")), ("rotated",)),
    (0, -1, 1, 0): Orientation((("transpose", "cclock"),), ("rotated",)),
    (-1, 0, 0, 1): Orientation((("hflip", ""),), ("mirrored",)),
    (1, 0, 0, -1): Orientation((("vflip", ""),), ("mirrored",)),
    (0, 1, 1, 0): Orientation((("transpose", "cclock_flip"),), ("rotated", "mirrored")),
    (0, -1, -1, 0): Orientation((("transpose", "clock_flip"),), ("rotated", "mirrored")),
}


def orientation_of(matrix: Matrix | None) -> Orientation:
    """Return what a display matrix asks for. Angles that are no quarter turns (only broken files) count as none."""
    if matrix is None:
        return UPRIGHT
    least = _AXIS * max(abs(entry) for entry in matrix)
    a, b, c, d = ((entry > least) - (entry < -least) for entry in matrix)
    return _ORIENTATIONS.get((a, b, c, d), UPRIGHT)


def matrix_of(frame: VideoFrame) -> Matrix | None:
    """Return the display matrix that a decoded frame carries.

    `frame.side_data` would keep a reference back to its frame, and every frame in memory until garbage is collected.
    """
    try:
        found = SideDataContainer(frame)  # type: ignore[call-arg]  # the stub knows no arguments
        content = found.get("DISPLAYMATRIX") if len(found) else None
    except ValueError:  # side data of a kind that PyAV doesn't know hides all others; the angle it gives nevertheless
        return _turned(-frame.rotation) if frame.rotation else None
    if content is None:
        return None
    a, b, _, c, d = struct.unpack_from("=5i", cast("bytes", content))
    return a, b, c, d


class Orienter:
    """Tells the orientation of frames by their numbers.

    A container's matrix is on every frame, but an SEI's only on those that carry the message, and holds for all behind.
    So what SEIs ask for is `asked`, from the packets: (number of the first frame, matrix), in ascending order.
    """

    def __init__(self, asked: Sequence[tuple[int, Matrix]] = ()) -> None:
        self._numbers = [number for number, _ in asked]
        self._matrices = [None, *(matrix for _, matrix in asked)]

    def __call__(self, frame: VideoFrame, number: int) -> Orientation:
        """Return the orientation of a decoded frame."""
        return orientation_of(matrix_of(frame) or self._matrices[bisect_right(self._numbers, number)])


def sei_reader(context: CodecContext) -> "Callable[[Packet[VideoStream]], Matrix | None] | None":
    """Return what reads the display matrix that an orientation SEI in a packet asks for; None if a codec has no SEIs.

    Such a message comes before a frame's slices, and most packets begin with these: a look at one byte tells.
    """
    if context.name not in ("h264", "hevc"):
        return None
    hevc, extradata = context.name == "hevc", context.extradata or b""
    width = _length_size(extradata, hevc=hevc)

    def read(packet: "Packet[VideoStream]") -> Matrix | None:
        content = memoryview(packet)
        if width and len(content) > width and _is_slice(content[width], hevc=hevc):
            return None
        found = None
        for message in _sei_messages(bytes(content[:_HEAD]), width, hevc=hevc):
            found = _sei_orientation(message)
        return found

    return read


def _sei_orientation(message: bytes) -> Matrix:
    """Return the matrix of a display orientation message: it mirrors first, and then turns against the clock."""
    bits = int.from_bytes(message[:3].ljust(3, b"\0"))
    cancelled, across, down = bits >> 23 & 1, bits >> 22 & 1, bits >> 21 & 1
    if cancelled:
        return _turned(0)
    mirror_x, mirror_y = 1 - 2 * across, 1 - 2 * down
    # Turning and then mirroring, as a matrix of columns reads, is mirroring and then turning the other way.
    a, b, c, d = _turned(-(bits >> 5 & 0xFFFF) * 360 / 65536 * mirror_x * mirror_y)
    return mirror_x * a, mirror_y * b, mirror_x * c, mirror_y * d


def _turned(degrees: float) -> Matrix:
    """Return the matrix that turns clockwise."""
    angle = radians(degrees)
    return cos(angle), sin(angle), -sin(angle), cos(angle)


def _sei_messages(packet: bytes, width: int, *, hevc: bool) -> Iterator[bytes]:
    """Yield the display orientation messages of a packet, as far as its first slice."""
    for unit in filter(None, islice(_units(packet, width), _MOST)):
        if _is_slice(unit[0], hevc=hevc):
            return
        if _kind(unit[0], hevc=hevc) == (39 if hevc else 6):
            yield from _messages(unit[2 if hevc else 1 :].replace(b"\0\0\3", b"\0\0"))


def _kind(header: int, *, hevc: bool) -> int:
    """Return the type of a NAL unit that begins with this byte."""
    return header >> 1 & 0x3F if hevc else header & 0x1F


def _is_slice(header: int, *, hevc: bool) -> bool:
    """Return whether a NAL unit that begins with this byte is a part of a frame."""
    return _kind(header, hevc=hevc) < 32 if hevc else 1 <= _kind(header, hevc=hevc) <= 5


def _messages(content: bytes) -> Iterator[bytes]:
    """Yield the display orientation messages of an SEI unit."""
    at = 0
    while at + 2 < len(content):
        kind, at = _counted(content, at)
        size, at = _counted(content, at)
        if kind == _ORIENTATION:
            yield content[at : at + size]
        at += size


def _counted(content: bytes, at: int) -> tuple[int, int]:
    """Return a number whose bytes add up, the last one below 255, and the place behind it."""
    total = 0
    while at < len(content) and content[at] == 0xFF:
        total, at = total + 0xFF, at + 1
    return (total + content[at], at + 1) if at < len(content) else (total, at)


def _length_size(extradata: bytes, *, hevc: bool) -> int:
    """Return how many bytes of length are before each NAL unit; 0 if start codes are."""
    place = 21 if hevc else 4
    if extradata[:1] != b"\1":
        return 0
    return (extradata[place] & 3) + 1 if len(extradata) > place else 4


def _units(packet: bytes, width: int) -> Iterator[bytes]:
    """Yield the NAL units of a packet: behind start codes, or behind lengths of `width` bytes."""
    if not width:
        yield from _behind_start_codes(packet)
        return
    at = 0
    while at + width < len(packet):
        length = int.from_bytes(packet[at : at + width])
        yield packet[at + width : at + width + length]
        at += width + length


def _behind_start_codes(packet: bytes) -> Iterator[bytes]:
    """Yield what follows each start code, as far as the next one."""
    at = packet.find(b"\0\0\1")
    while at >= 0:
        end = packet.find(b"\0\0\1", at + 3)
        yield packet[at + 3 : end if end >= 0 else None]
        at = end
