"""The blocks of a Matroska or WebM file by their headers alone (RFC 9559): what a demuxer finds that reads all of it.

Cues name key frames alone. But each block says its size, its time from its cluster's, and whether it is a key.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from videoxception.video.packets import Deadline

_EBML, _SEGMENT, _CLUSTER = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
_TRACKS, _ENTRY, _TRACK_NUMBER, _TRACK_TYPE = b"\x16\x54\xae\x6b", b"\xae", b"\xd7", b"\x83"
_KINDS = {0x01: "video", 0x02: "audio", 0x11: "subtitle", 0x21: "data"}  # types of tracks, as FFmpeg names streams
_TIME, _SIMPLE = b"\xe7", 0xA3
_NUMBERS = frozenset({_TIME, b"\xab", b"\xa7"})  # in clusters, besides blocks: Timestamp, PrevSize, Position
_EMPTY = frozenset({b"\xec", b"\xbf"})  # Void and CRC-32
# Passed over before the clusters and behind them: SeekHead, Info, Cues, Tags, Chapters, Attachments.
_OUTSIDE = frozenset(
    {
        b"\x11\x4d\x9b\x74",
        b"\x15\x49\xa9\x66",
        b"\x1c\x53\xbb\x6b",
        b"\x12\x54\xc3\x67",
        b"\x10\x43\xa7\x70",
        b"\x19\x41\xa4\x69",
    }
)
_HEAD = 32  # bytes that hold an element's header and that of the block in it
_LEAST, _LACED = 4, 0x06  # bytes of a block before its frame; that there are several
_LONGEST, _MOST_TRACK = 8, 126  # bytes of a number; the largest of a track that fits in one byte
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


class _Numbers(NamedTuple):
    """Tracks' numbers, as the first bytes of blocks: of the track whose blocks are wanted, and of all tracks."""

    own: int
    known: frozenset[int]


def blocks_of(descriptor: int, index: int, kinds: Sequence[str], most: int, deadline: Deadline) -> Blocks:
    """Return the blocks of the track behind a stream: its `index` among the file's, whose types are `kinds`.

    Raise `NotBlocks` if the tracks are not these streams, if a block is of no track or does not hold just one frame,
    or if there is anything unknown or over `most` elements.
    """
    found, budget = Blocks(), _budget(most, deadline)
    end, header = os.fstat(descriptor).st_size, _read(descriptor, 0)
    segment = _read(descriptor, _behind(header))
    if (header.name, segment.name) != (_EBML, _SEGMENT) or (segment.size is not None and _behind(segment) != end):
        raise NotBlocks
    at, over, numbers = segment.at, False, None
    while at < end:
        next(budget)
        element = _read(descriptor, at)
        if element.name == _TRACKS and numbers is None:
            numbers, at = _read_tracks(descriptor, element, index, kinds, budget), _behind(element)
        elif element.name == _CLUSTER and numbers is not None and not over:
            at = _read_cluster(descriptor, element, end, numbers, found, budget)
        elif element.name in _OUTSIDE or element.name in _EMPTY:
            at, over = _behind(element), bool(found.times) and element.name in _OUTSIDE
        else:
            raise NotBlocks
    if at > end:
        raise NotBlocks
    return found


def _read_tracks(
    descriptor: int, tracks: _Element, index: int, kinds: Sequence[str], budget: Iterator[None]
) -> _Numbers:
    """Return the tracks' numbers. Raise `NotBlocks` if two are the same, or the types are not those of the streams.

    FFmpeg makes a stream of each track, in their order, and then of what is attached.
    """
    entries = [
        _read_entry(descriptor, each, budget) for each in _inside(descriptor, tracks, budget) if each.name == _ENTRY
    ]
    numbers = frozenset(number for number, _ in entries)
    if [kind for _, kind in entries] != list(kinds[: len(entries)]) or not index < len(entries) == len(numbers):
        raise NotBlocks
    return _Numbers(entries[index][0], numbers)


def _read_entry(descriptor: int, entry: _Element, budget: Iterator[None]) -> tuple[int, str | None]:
    """Return a track's number, as the first byte of blocks, and its type; None for one that FFmpeg does not know."""
    parts = {part.name: part for part in _inside(descriptor, entry, budget)}
    if not {_TRACK_NUMBER, _TRACK_TYPE} <= parts.keys():
        raise NotBlocks
    number = _number(parts[_TRACK_NUMBER])
    if not 0 < number <= _MOST_TRACK:
        raise NotBlocks
    return 0x80 | number, _KINDS.get(_number(parts[_TRACK_TYPE]))


def _read_cluster(
    descriptor: int, cluster: _Element, end: int, numbers: _Numbers, found: Blocks, budget: Iterator[None]
) -> int:
    """Add the blocks of a cluster that have the track's own number to those found. Return the place behind it."""
    at, start, (own, known) = cluster.at, -1, numbers
    closes = end if cluster.size is None else _behind(cluster)
    while at < closes:
        next(budget)
        head = os.pread(descriptor, _HEAD, at).ljust(_HEAD, b"\0")
        if head[0] == _SIMPLE and head[1]:
            width = 9 - head[1].bit_length()
            begin = 1 + width
            size, number = int.from_bytes(head[1:begin]) & _MASKS[width], head[begin]
            if number not in known or size <= _LEAST or head[begin + 3] & _LACED:
                raise NotBlocks
            if number == own:
                found.add(start, at + begin, head[begin : begin + 4])
            at += begin + size
            continue
        element = _element(head, at)
        if element.name in _NUMBERS:
            number = _number(element)
            start = number if element.name == _TIME else start
        elif element.name not in _EMPTY:
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


def _inside(descriptor: int, parent: _Element, budget: Iterator[None]) -> Iterator[_Element]:
    """Yield the elements in another one. Raise `NotBlocks` if they do not end where it does."""
    at, end = parent.at, _behind(parent)
    while at < end:
        next(budget)
        element = _read(descriptor, at)
        yield element
        at = _behind(element)
    if at > end:
        raise NotBlocks


def _read(descriptor: int, at: int) -> _Element:
    return _element(os.pread(descriptor, _HEAD, at), at)


def _behind(element: _Element) -> int:
    """Return the place behind an element."""
    if element.size is None:
        raise NotBlocks
    return element.at + element.size


def _number(element: _Element) -> int:
    """Return the unsigned integer that an element holds."""
    if element.size is None or not 0 < element.size <= _LONGEST:
        raise NotBlocks
    return int.from_bytes(element.head[: element.size])


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
