"""MPEG-4 Visual (DivX, XviD) with B-frames in AVI: which packet gives which frame, read from the frames' types.

AVI gives a packet one time, and none to frames that are shown before others that are decoded first; what FFmpeg guesses
is wrong. Encoders made up for it by packing a B-frame into the packet before its own, whose place a frame without
content fills in the end. The types of the frames (vop_coding_type, ISO/IEC 14496-2, 6.2.5) say what FFmpeg's decoder
makes of that, and its filter `mpeg4_unpack_bframes` puts each frame into a packet of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.stream import VideoStream

_START = b"\0\0\1\xb6"  # of a frame (vop_start_code)
_TYPES = "IPBS"  # S, a sprite, is referred to as P is
_SMALL = 19  # bytes at most of a packet that FFmpeg takes for one without content where a frame waits for its place
_PACKED = re.compile(rb"DivX\d+(?:Build|b)\d+p")  # what an encoder that packs says of itself


def frame_types(packet: bytes) -> str:
    """Return the types of the frames that start in a packet, in order; in lower case if it may have no content."""
    types, at = "", packet.find(_START)
    while 0 <= at < len(packet) - len(_START):
        types += _TYPES[packet[at + len(_START)] >> 6]
        at = packet.find(_START, at + len(_START))
    return types.lower() if len(packet) <= _SMALL else types


def frame_numbers(packets: Sequence[str], extradata: bytes | None) -> list[int | None] | None:
    """Return the number, as shown, of the frame that each packet gives once all frames are unpacked.

    None if there are no B-frames, or a packet gives no frame, or a frame is lost.
    """
    types = _unpacked_types(packets, packed=_PACKED.search(extradata or b"") is not None)
    return _display_numbers(types) if types is not None and "B" in types else None


def _unpacked_types(packets: Sequence[str], packed: bool) -> str | None:
    """Return the type of the frame that each packet gives; None if one gives none, or a frame is lost.

    A second frame takes the place of the next packet's, which waits in turn unless it has no content.
    """
    given, waiting = "", ""
    for types in packets:
        if waiting and types in ("B", "p", "s"):
            given, waiting = given + waiting, types if types == "B" else ""
        elif not waiting and types in ("I", "P", "S", "B"):
            given += types
        elif not waiting and packed and types in ("IB", "PB", "SB"):
            given, waiting = given + types[0], types[1]
        else:
            return None
    return given  # what still waits at the end is lost to the decoder, too


def _display_numbers(types: str) -> list[int | None] | None:
    """Return the number of each frame, as shown; None if a B-frame comes before two that it may refer to.

    B-frames are shown at once, and each other frame when the next of those comes.
    """
    numbers: list[int | None] = [None] * len(types)
    shown, held, references = 0, 0, 0
    for index, kind in enumerate(types):
        if kind == "B" and references < 2:
            return None
        references += kind != "B"
        if kind == "B" or references > 1:
            numbers[index if kind == "B" else held] = shown
            shown += 1
        held = held if kind == "B" else index
    numbers[held] = shown
    return numbers


def unpacked(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream, needed: bytearray
) -> "Iterator[tuple[int, Packet[VideoStream]]]":
    """Yield the packets whose entry in `needed` is not 0, each with the one frame that it gives.

    Each run of them begins at a key frame, so that nothing waits from before.
    """
    unpack, last = BitStreamFilterContext("mpeg4_unpack_bframes", stream), -1
    for index, packet in packets:
        if not needed[index]:
            continue
        if index != last + 1:
            unpack.flush()
        for frame in unpack.filter(packet):  # which empties the packet
            frame.stream = stream
            yield index, cast("Packet[VideoStream]", frame)
        last = index
