"""Dolby Vision: profile 8 is an ordinary video, HDR or SDR, and more; only Dolby's decoders read profile 5."""

import os
import re
from typing import BinaryIO

from av.video.stream import VideoStream

# A Dolby Vision configuration, in a box of MP4 or behind the same four letters in Matroska (an element of type 41ED):
# two bytes of version, and seven bits of profile. Dolby Vision Streams Within the ISO Base Media File Format, 2.
_CONFIGURATION = re.compile(rb"dv[cvw]C(?:\x41\xed.)?[\1-\3].(.)", re.DOTALL)
_SEARCHED = 2**20  # bytes, of the header
_BOXES = 64  # of an MP4's top level that are walked over to find its header


def is_profile_5(file: BinaryIO, stream: VideoStream) -> bool:
    """Return whether a video's colours are those of Dolby Vision's profile 5. It has ten bits a sample."""
    deep = stream.codec_context.format is not None and stream.codec_context.format.components[0].bits > 8
    return deep and 5 in {found[0] >> 1 for found in _CONFIGURATION.findall(_header(file))}


def _header(file: BinaryIO) -> bytes:
    """Return the beginning of an MP4's `moov` box, or of a file of another kind."""
    descriptor, at = file.fileno(), 0
    for _ in range(_BOXES):
        start = os.pread(descriptor, 16, at)
        if len(start) < 16 or start[4:8] == b"moov":
            break
        size = int.from_bytes(start[:4])
        size = int.from_bytes(start[8:16]) if size == 1 else size
        if size < 8:
            break
        at += size
    found = os.pread(descriptor, _SEARCHED, at)
    return found if found[4:8] == b"moov" else os.pread(descriptor, _SEARCHED, 0)
