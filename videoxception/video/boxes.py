"""The boxes at the top of an MP4 file (ISO/IEC 14496-12, 4.2)."""

import os
from collections.abc import Iterator
from typing import NamedTuple


class Box(NamedTuple):
    """A box: its name, its place, and its length in bytes, its header's included."""

    name: bytes
    at: int
    length: int


def boxes_of(descriptor: int, most: int) -> Iterator[Box]:
    """Yield an open file's boxes, `most` at most, up to one that gives no length: it reaches to the file's end."""
    size, at = os.fstat(descriptor).st_size, 0
    for _ in range(most):
        header = os.pread(descriptor, 16, at)
        if at >= size or len(header) < 8:
            return
        length = int.from_bytes(header[:4])
        length = int.from_bytes(header[8:16]) if length == 1 else length
        if length < 8:
            return
        yield Box(header[4:8], at, length)
        at += length
