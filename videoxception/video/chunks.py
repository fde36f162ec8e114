"""The chunks that an AVI file consists of, by their headers alone: what a demuxer finds that reads it from end to end.

A file is a chain of chunks, each of which says its size; lists and RIFF chunks hold others (OpenDML has several RIFFs).
"""

import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

from videoxception.video.packets import Deadline

_HEADER = struct.Struct("<4sI")  # a chunk's name, and its size without the header
_OPENED = frozenset({(b"LIST", b"movi"), (b"LIST", b"rec "), (b"RIFF", b"AVIX")})  # of which the parts are looked at
_BETWEEN_CHECKS = 4096  # chunks


class Chunks(NamedTuple):
    """Chunks of one stream: their numbers among all of it, where their contents lie, and their sizes, in bytes."""

    numbers: list[int]
    offsets: list[int]
    sizes: list[int]


class NotAChain(Exception):
    """A file that does not consist of known chunks from its start to its end, or of too many."""


def chunks_of(descriptor: int, stream: int, streams: int, most: int, deadline: Deadline) -> Chunks:
    """Return the chunks of a video stream, one of so many `streams`, but those that are empty.

    Raise `NotAChain` if anything else than the streams' chunks and their indexes is between them, or at the end, or if
    there are more than `most` chunks.
    """
    own = frozenset({b"%02ddc" % stream, b"%02ddb" % stream})
    known = frozenset({b"JUNK", b"idx1", *(b"ix%02d" % number for number in range(streams))})
    others = frozenset(b"%02d" % number for number in range(streams) if number != stream)
    found, number = Chunks([], [], []), 0
    for name, offset, size in _chain(descriptor, most, deadline):
        if name in own:
            if size:
                found.numbers.append(number)
                found.offsets.append(offset)
                found.sizes.append(size)
            number += 1
        elif name[:2] not in others and name not in known:
            raise NotAChain
    return found


def _chain(descriptor: int, most: int, deadline: Deadline) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, the place and the size of each chunk from the first list of packets (movi) on."""
    end, at, begun = os.fstat(descriptor).st_size, 12, False  # behind "RIFF", a size and "AVI "
    for count in range(most):
        if count % _BETWEEN_CHECKS == 0:
            deadline.check()
        if at >= end:  # the last chunk may lack its padding
            return
        header = os.pread(descriptor, 8, at)
        if len(header) < 8:
            raise NotAChain
        name, size = _HEADER.unpack(header)
        if name in (b"LIST", b"RIFF") and (name, os.pread(descriptor, 4, at + 8)) in _OPENED:
            begun, at = True, at + 12
            continue
        if at + 8 + size > end:
            raise NotAChain
        if begun:
            yield name, at + 8, size
        at += 8 + size + size % 2
    raise NotAChain
