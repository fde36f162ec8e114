"""A large file's packets from its own index, or their headers, so that what is in them need not be read.

An MP4 is read by its index (ISO/IEC 14496-12, 8.6), an AVI is not, so that its packets' headers are compared with it
(chunks.py); of Matroska, the headers say all (blocks.py). They stand for the packets themselves where they tell when
each is shown, and every packet holds a frame. What is read in the end is compared with them.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.video.blocks import NotBlocks, blocks_of
from videoxception.video.boxes import boxes_of
from videoxception.video.chunks import NotAChain, chunks_of
from videoxception.video.limits import Limits
from videoxception.video.orientation import sei_reader
from videoxception.video.packets import Deadline, PacketTable, check_count, read_packets
from videoxception.video.passes import PassFailed
from videoxception.video.roles import SHOWN, all_shown
from videoxception.video.seek import needed_packets

_MP4, _AVI, _MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "avi", "matroska,webm"
_MOST_BOXES, _MOST_BYTES = 1000, 64 * 2**20  # at the top of the file; of the box that holds the index
_IN_ORDER = frozenset({"mjpeg", "mpeg4"})  # codecs of AVI whose packets have times if there are no B-frames
_HEADER = 8  # bytes before a packet in AVI, where its index points to
_AROUND = 16  # packets at most, those of sounds, for each of the video


class IndexFailed(Exception):
    """An index that says something else than the packets, or not all of it: they must be read."""


@dataclass(frozen=True, slots=True)
class _Index:
    """What an index says of the packets, in the file's order: when they are shown, which are keys, and their places."""

    times: list[int]
    keys: bytearray
    offsets: list[int]


def read_table(
    descriptor: int, container: InputContainer, stream: VideoStream, limits: Limits, deadline: Deadline
) -> PacketTable:
    """Return the table of a stream's packets: of a large file from its index if that tells all, else from the packets.

    Raise `IndexFailed` if the index is wrong about the first or the last packet, and `TooLong` if there are too many.
    """
    index = _find(descriptor, container, stream, limits, deadline) if container.size > limits.memory else None
    if index is None:
        return read_packets(container, stream, limits, deadline)
    try:
        return _of_index(index, container, stream, deadline)
    except PassFailed as error:
        raise IndexFailed from error


def _find(
    descriptor: int, container: InputContainer, stream: VideoStream, limits: Limits, deadline: Deadline
) -> _Index | None:
    """Return the index of a file; None if it has none that stands for the packets."""
    name = container.format.name
    if name == _MP4:
        return _of_mp4(descriptor, stream, limits)
    try:
        if name == _AVI:
            return _of_avi(descriptor, stream, len(container.streams), limits, deadline)
        kinds = [each.type for each in container.streams]
        return _of_matroska(descriptor, stream, kinds, limits, deadline) if name == _MATROSKA else None
    except (NotAChain, NotBlocks):
        return None


def _of_mp4(descriptor: int, stream: VideoStream, limits: Limits) -> _Index | None:
    """Return the index of an MP4 file; None if it does not stand for the packets."""
    if not all_shown(stream) or not 0 < len(stream.index_entries) == stream.frames:
        return None
    check_count(stream.frames, limits)
    if any(entry.is_discard for entry in stream.index_entries) or _has_offsets(descriptor):
        return None
    return _copied(stream)


def _of_avi(descriptor: int, stream: VideoStream, streams: int, limits: Limits, deadline: Deadline) -> _Index | None:
    """Return the index of an AVI file; None if it does not stand for the packets.

    They are read without it, in the file's order, and a packet's time is its number, empty ones included. So the index
    must name all chunks of the stream.
    """
    context, count = stream.codec_context, len(stream.index_entries)
    if context.name not in _IN_ORDER or context.has_b_frames or not 0 < count <= limits.packets:
        return None
    index, sizes = _copied(stream, before=_HEADER), [entry.size for entry in stream.index_entries]
    chunks = chunks_of(descriptor, stream.index, streams, _AROUND * (count + _AROUND), deadline)
    if index.offsets != chunks.offsets or sizes != chunks.sizes:
        return None
    start = index.times[0] - chunks.numbers[0]
    return index if index.times == [start + number for number in chunks.numbers] else None


def _of_matroska(
    descriptor: int, stream: VideoStream, kinds: Sequence[str], limits: Limits, deadline: Deadline
) -> _Index | None:
    """Return what the headers of a Matroska file's blocks say; None if that does not stand for the packets.

    The file's streams are of these `kinds`.
    """
    if not all_shown(stream):
        return None
    blocks = blocks_of(descriptor, stream.index, kinds, _AROUND * limits.packets, deadline)
    if not blocks.times or len(blocks.times) > limits.packets:
        return None
    return _Index(blocks.times, blocks.keys, blocks.offsets)


def _copied(stream: VideoStream, before: int = 0) -> _Index:
    """Return the index as it is now: reading packets may move it in memory. It points `before` packets, in bytes."""
    entries = list(stream.index_entries)
    return _Index(
        times=[entry.timestamp for entry in entries],
        keys=bytearray(entry.is_keyframe for entry in entries),
        offsets=[entry.pos + before for entry in entries],
    )


def _of_index(index: _Index, container: InputContainer, stream: VideoStream, deadline: Deadline) -> PacketTable:
    count = len(index.times)
    table = PacketTable(
        times=list(index.times),
        clock=list(index.times),
        keys=index.keys,
        roles=bytearray([SHOWN]) * count,
        offsets=index.offsets,
        kept=None,
        delayed=stream.codec_context.has_b_frames,
        indexed=True,
    )
    needed = bytearray(count)
    needed[0] = needed[index.times.index(max(index.times))] = 1  # which alone says how long it is shown
    packets = unturned(needed_packets(container, stream, table, needed, deadline), stream)
    first, *_, last = [packet.duration or 0 for _, packet in packets] * 2
    if container.format.name == _MP4:
        table.durations = [*(b - a for a, b in pairwise(index.times)), last]
    elif first == last:  # others have one for all
        table.durations = [last] * count
    else:
        raise PassFailed
    return table


def unturned(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream
) -> "Iterator[tuple[int, Packet[VideoStream]]]":
    """Yield numbered packets. Raise `PassFailed` at one that asks for an orientation: others before it may, too."""
    matrix_asked = sei_reader(stream.codec_context)
    for number, packet in packets:
        if matrix_asked is not None and matrix_asked(packet) is not None:
            raise PassFailed
        yield number, packet


def _has_offsets(descriptor: int) -> bool:
    """Return whether any track's packets have times of showing of their own (ctts), or nothing is known of that."""
    for name, at, length in boxes_of(descriptor, _MOST_BOXES):
        if name == b"moov":
            return length > _MOST_BYTES or b"ctts" in os.pread(descriptor, length, at)
    return True
