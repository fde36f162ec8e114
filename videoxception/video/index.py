"""A large MP4 file's packets from its own index (ISO/IEC 14496-12, 8.6), so that the file need not be read to its end.

The index has the time of decoding, the place and the size of each packet. It stands for the packets themselves where
times of showing are those of decoding, and every packet holds a frame. What is read in the end is compared with it.
"""

import os
from collections.abc import Iterable, Iterator
from itertools import pairwise

from av.container import InputContainer
from av.index import IndexEntry
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.video.limits import Limits
from videoxception.video.orientation import sei_reader
from videoxception.video.packets import Deadline, PacketTable, check_count, payload, read_packets
from videoxception.video.passes import PassFailed
from videoxception.video.roles import SHOWN, all_shown
from videoxception.video.seek import needed_packets

_FORMAT = "mov,mp4,m4a,3gp,3g2,mj2"
_MOST_BOXES, _MOST_BYTES = 1000, 64 * 2**20  # at the top of the file; of the box that holds the index


class IndexFailed(Exception):
    """An index that says something else than the packets, or not all of it: they must be read."""


def read_table(
    descriptor: int, container: InputContainer, stream: VideoStream, limits: Limits, deadline: Deadline
) -> PacketTable:
    """Return the table of a stream's packets: of a large file from its index if that tells all, else from the packets.

    Raise `IndexFailed` if the index is wrong about the last packet, and `TooLong` if there are too many.
    """
    if container.size > limits.memory and container.format.name == _FORMAT and all_shown(stream):
        entries = list(stream.index_entries)
        if 0 < len(entries) == stream.frames and not (any(e.is_discard for e in entries) or _has_offsets(descriptor)):
            check_count(len(entries), limits)
            try:
                return _of_index(entries, container, stream, deadline)
            except PassFailed as error:
                raise IndexFailed from error
    return read_packets(container, stream, limits, deadline)


def _of_index(
    entries: list[IndexEntry], container: InputContainer, stream: VideoStream, deadline: Deadline
) -> PacketTable:
    next(unturned(enumerate(payload(container, stream, deadline)), stream), None)
    table = PacketTable(kept=None, indexed=True)
    clock = [entry.timestamp for entry in entries]
    table.times = list(clock)
    table.clock = list(clock)
    table.keys = bytearray(entry.is_keyframe for entry in entries)
    table.roles = bytearray([SHOWN]) * len(entries)
    table.offsets = [entry.pos for entry in entries]
    needed = bytearray(len(entries))
    needed[-1] = 1  # which alone says how long it is shown
    for _, last in needed_packets(container, stream, table, needed, deadline):
        table.durations = [*(b - a for a, b in pairwise(clock)), last.duration or 0]
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
    size, at = os.fstat(descriptor).st_size, 0
    for _ in range(_MOST_BOXES):
        header = os.pread(descriptor, 16, at)
        if at >= size or len(header) < 8:
            break
        length = int.from_bytes(header[:4])
        length = int.from_bytes(header[8:16]) if length == 1 else length
        if header[4:8] == b"moov":
            return length > _MOST_BYTES or b"ctts" in os.pread(descriptor, length, at)
        if length < 8:
            break
        at += length
    return True
