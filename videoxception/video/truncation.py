"""Whether a file ends before its own header says: a download that was cut off.

Only sizes in bytes count. Lengths in seconds are often placeholders, and so are sizes of 0 or of nothing but ones,
which a writer leaves that cannot go back to its file's start.
"""

import os
import struct

from videoxception.video.boxes import boxes_of

_MOST = 100_000  # boxes or chunks that are looked at; a fragmented file has a few a second
# What an MP4 file consists of; phones put trailers of their own behind it, which look like boxes of other kinds.
_BOXES = frozenset(b"ftyp styp moov moof mdat free skip wide uuid meta sidx mfra udta".split())
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_HEAD = 65_536  # bytes that hold the headers of FLV and ASF


def is_truncated(descriptor: int) -> bool:
    """Return whether an open file is shorter than its outermost structure promises."""
    size = os.fstat(descriptor).st_size
    head = os.pread(descriptor, 16, 0)
    return _promised_size(descriptor, head, size) > size


def _promised_size(descriptor: int, head: bytes, size: int) -> int:
    """Return the size that a file's headers give it; 0 if they say none."""
    if head[4:8] in _BOXES:
        return _end_of_boxes(descriptor, size)
    if head.startswith(b"RIFF"):
        return _end_of_riff(descriptor, size)
    if head.startswith(_EBML):
        return _end_of_segment(descriptor)
    if head.startswith(b"FLV"):
        return _flv_size(os.pread(descriptor, _HEAD, 0))
    if head.startswith(_ASF):
        return _asf_size(os.pread(descriptor, _HEAD, 0))
    return 0


def _end_of_boxes(descriptor: int, size: int) -> int:
    """Return where the last box of an MP4 file ends."""
    end = 0
    for name, at, length in boxes_of(descriptor, _MOST):
        if at + length > size and name not in _BOXES:
            break
        end = at + length
    return end


def _end_of_riff(descriptor: int, size: int) -> int:
    """Return where the last of an AVI file's RIFF chunks ends; OpenDML files have several."""
    at = 0
    for _ in range(_MOST):
        header = os.pread(descriptor, 8, at)
        length = int.from_bytes(header[4:], "little")
        if at >= size or not header.startswith(b"RIFF") or length in (0, 0xFFFFFFFF):
            break
        at += 8 + length
    return at


def _end_of_segment(descriptor: int) -> int:
    """Return where a Matroska file's segment ends (RFC 8794, 4 and 6)."""
    at, head = 0, os.pread(descriptor, _HEAD, 0)
    while at + 4 < len(head):
        name = head[at : at + 4]
        width = 9 - head[at + 4].bit_length()
        mask = (1 << 7 * width) - 1
        length = int.from_bytes(head[at + 4 : at + 4 + width]) & mask
        at += 4 + width + length
        if name == _SEGMENT:
            return 0 if length == mask else at
    return 0


def _flv_size(head: bytes) -> int:
    """Return the number that onMetaData gives for the file's size."""
    key = b"\x00\x08filesize\x00"
    at = head.find(key)
    number = head[at + len(key) : at + len(key) + 8]
    value = struct.unpack(">d", number)[0] if at >= 0 and len(number) == 8 else 0.0
    return int(value) if 0 < value < 2**53 else 0


def _asf_size(head: bytes) -> int:
    """Return the size in the File Properties Object (ASF specification, 3.2), which a broadcast leaves open."""
    at = head.find(_ASF_FILE_PROPERTIES)
    broadcast = int.from_bytes(head[at + 88 : at + 92], "little") & 1
    return 0 if at < 0 or broadcast else int.from_bytes(head[at + 40 : at + 48], "little")
