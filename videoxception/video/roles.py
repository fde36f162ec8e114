"""What a packet adds to what is shown: a frame; or nothing, because it is hidden or the second field of a frame."""

from collections.abc import Callable
from functools import lru_cache

from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.video.h264 import FieldReader

# What a packet holds: a frame; one that an edit list cuts off; one that is only referred to; the second field of one.
SHOWN, DISCARDED, HIDDEN, SECOND = 0, 1, 2, 3


def role_reader(stream: VideoStream) -> "Callable[[Packet[VideoStream]], int]":
    """Return the function that tells the role of each packet of a stream, in the file's order."""
    name = stream.codec_context.name
    if name in _HIDES:
        hides = _HIDES[name]
        return lambda packet: DISCARDED if packet.is_discard else HIDDEN if hides(memoryview(packet)) else SHOWN
    if name == "h264" and _may_have_fields(stream.codec_context.extradata):
        fields = FieldReader(stream.codec_context.extradata)
        return lambda packet: _field_role(packet, fields)
    return lambda packet: DISCARDED if packet.is_discard else SHOWN


def all_shown(stream: VideoStream) -> bool:
    """Return whether every packet of a stream holds a frame that is shown, unless an edit list cuts it off."""
    context = stream.codec_context
    if context.name == "h264":
        return not _may_have_fields(context.extradata)
    return context.name in _NOTHING_HIDDEN


@lru_cache(maxsize=64)  # all files of one camera or encoder say the same
def _may_have_fields(extradata: bytes | None) -> bool:
    return FieldReader(extradata).may_find


def _field_role(packet: "Packet[VideoStream]", fields: FieldReader) -> int:
    second = fields.is_second(memoryview(packet), packet.is_keyframe)
    return DISCARDED if packet.is_discard else SECOND if second else SHOWN


def _vp8_hides(packet: memoryview) -> bool:
    """Return whether a VP8 frame's show_frame is 0 (RFC 6386, 9.1)."""
    return packet[0] & 0x10 == 0


def _vp9_hides(packet: memoryview) -> bool:
    """Return whether neither show_existing_frame nor show_frame of a VP9 frame are set (uncompressed_header).

    Before them are a marker of two bits, two of the profile and one more if that is 3, and frame_type between them.
    """
    header = packet[0] << (packet[0] & 0x30 == 0x30)
    return header & 0x0A == 0 and not _is_superframe(packet)


def _is_superframe(packet: memoryview) -> bool:
    """Return whether a VP9 packet ends with an index of the frames in it, one of which is shown (Annex B)."""
    marker = packet[-1]
    size = 2 + ((marker >> 3 & 3) + 1) * ((marker & 7) + 1)
    return marker & 0xE0 == 0xC0 and len(packet) >= size and packet[-size] == marker


_NOTHING_HIDDEN = frozenset({"hevc", "mjpeg", "prores", "dnxhd"})
_HIDES = {"vp8": _vp8_hides, "libvpx": _vp8_hides, "vp9": _vp9_hides, "libvpx-vp9": _vp9_hides}
