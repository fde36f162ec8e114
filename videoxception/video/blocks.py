"""The blocks of a Matroska or WebM file by their headers alone (RFC 9559): what a demuxer finds that reads all of it.

Cues name key frames alone. But each block says its size, its time from its cluster's, and whether it is a key.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from videoxception.video.packets import Deadline

_EBML, _SEGMENT, _CLUSTER = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
_TIME, _SIMPLE = b"\xe7", 0xA3
_NUMBERS = frozenset({_TIME, b"\xab", b"\xa7"})  # in clusters, besides blocks: Timestamp, PrevSize, Position
_EMPTY = frozenset({b"\xec", b"\xbf"})  # Void and CRC-32
# Passed over before the clusters and behind them: SeekHead, Info, Tracks, Cues, Tags, Chapters, Attachments.
_OUTSIDE = frozenset(
    {
        b"\x11\x4d\x9b\x74",
        b"\x15\x49\xa9\x66",
        b"\x16\x54\xae\x6b",
        b"\x1c\x53\xbb\x6b",
        b"\x12\x54\xc3\x67",
        b"\x10\x43\xa7\x70",
        b"\x19\x41\xa4\x69",
    }
)
_HEAD = 32  # bytes that hold an element's header and that of the block in it
_LEAST, _LACED = 4, 0x06  # bytes of a block before its frame; that there are several
_LONGEST = 8  # bytes of a number
_MASKS = [(1 << 7 * width) - 1 for width in range(9)]  # of the bits of a size
_BETWEEN_CHECKS = 4096  # elements


class NotBlocks(Exception):
    """A file that does not consist of known elements from its start to its end, or whose blocks are not simple ones."""


@dataclass(slots=True)
class Blocks:
    """Blocks of one track, in the file's order: their times, whether they are keys, and where their contents lie."""

    times: list[int] = field(default_factory=list)
    keys: bytearray = field(default_factory=bytearray)
    offsets: list[int] = field(default_factory=list)

    def add(self, start: int, at: int, head: bytes) -> None:
        """Add a block by its first bytes (RFC 9559, 10.2); `start` is its cluster's time, or negative."""
        time = start + int.from_bytes(head[1:3], signed=True)
        if start < 0 or time < 0:
            raise NotBlocks
        self.times.append(time)
        self.keys.append(head[3] >> 7)
        self.offsets.append(at)


class _Element(NamedTuple):
    """An element: its name, its content's size (None if unknown) and place, and that content's first bytes."""

    name: bytes
    size: int | None
    at: int
    head: bytes


def blocks_of(descriptor: int, track: int, tracks: int, most: int, deadline: Deadline) -> Blocks:
    """Return the blocks of the track of this number, of so many `tracks`.

    Raise `NotBlocks` if any track's do not have a frame each, or if there is anything unknown or over `most` elements.
    """
    found, budget = Blocks(), _budget(most, deadline)
    end, header = os.fstat(descriptor).st_size, _read(descriptor, 0)
    segment = _read(descriptor, _behind(header))
    if (header.name, segment.name) != (_EBML, _SEGMENT) or (segment.size is not None and _behind(segment) != end):
        raise NotBlocks
    at, over = segment.at, False
    while at < end:
        next(budget)
        element = _read(descriptor, at)
        if element.name == _CLUSTER and not over:
            at = _read_cluster(descriptor, element, end, (0x80 | track, 0x80 | tracks), found, budget)
        elif element.name in _OUTSIDE or element.name in _EMPTY:
            at, over = _behind(element), bool(found.times) and element.name in _OUTSIDE
        else:
            raise NotBlocks
    if at > end:
        raise NotBlocks
    return found


def _read_cluster(
    descriptor: int, cluster: _Element, end: int, numbers: tuple[int, int], found: Blocks, budget: Iterator[None]
) -> int:
    """Add a cluster's blocks to those found: `numbers` are the track's own, and the last. Return the place behind."""
    at, start, (own, last) = cluster.at, -1, numbers
    closes = end if cluster.size is None else _behind(cluster)
    while at < closes:
        next(budget)
        head = os.pread(descriptor, _HEAD, at).ljust(_HEAD, b"\0")
        if head[0] == _SIMPLE and head[1]:
            width = 9 - head[1].bit_length()
            begin = 1 + width
            size, number = int.from_bytes(head[1:begin]) & _MASKS[width], head[begin]
            if not 0x80 < number <= last or size <= _LEAST or head[begin + 3] & _LACED:
                raise NotBlocks
            if number == own:
                found.add(start, at + begin, head[begin : begin + 4])
            at += begin + size
            continue
        element = _element(head, at)
        if element.name == _TIME:
            start = int.from_bytes(element.head[: element.size])
        if element.name in _NUMBERS and (element.size or _LONGEST + 1) > _LONGEST:
            raise NotBlocks
        if element.name not in _NUMBERS and element.name not in _EMPTY:
            if cluster.size is None:  # which ends with what does not belong there
                return at
            raise NotBlocks
        at = _behind(element)
    if at > closes:
        raise NotBlocks
    return at


def _budget(most: int, deadline: Deadline) -> Iterator[None]:
    """Yield so often, and then raise `NotBlocks`; check the deadline in between."""
    for count in range(most):
        if count % _BETWEEN_CHECKS == 0:
            deadline.check()
        yield
    raise NotBlocks


def _read(descriptor: int, at: int) -> _Element:
    return _element(os.pread(descriptor, _HEAD, at), at)


def _behind(element: _Element) -> int:
    """Return the place behind an element."""
    if element.size is None:
        raise NotBlocks
    return element.at + element.size


def _element(head: bytes, at: int) -> _Element:
    """Read an element's header (RFC 8794, 4 and 5)."""
    head = head.ljust(_HEAD, b"\0")
    named = 9 - head[0].bit_length()
    width = 9 - head[named].bit_length()
    if named > 4 or width > 8:
        raise NotBlocks
    begin, most = named + width, _MASKS[width]
    size = int.from_bytes(head[named:begin]) & most
    return _Element(head[:named], None if size == most else size, at + begin, head[begin:])
