"""Which packets must be decoded for the wanted frames: only those of the groups that hold them, up to the last one.

A plan is made from the packets' table alone. It leaves out whole groups of frames, the rest of a group behind the
last wanted frame, and, by the decoder's option `skip_frame`, frames that are not wanted and that no other refers to.
"""

from bisect import bisect_right

from videoxception.clip import Timeline
from videoxception.video.packets import PacketTable

SKIP, REFERENCE, WANTED = 0, 1, 2  # what is done with a packet: nothing; decoded if others refer to it; decoded

# Decoders that start cleanly at a key frame and put out frames with their packets' times. AV1 (dav1d works ahead) and
# GIF (frames that are patches of earlier ones, and no index) are not among them.
_CODECS = frozenset({"h264", "hevc", "mpeg4", "mpeg1video", "mpeg2video", "vp8", "vp9", "mjpeg", "prores", "dnxhd"})
# Transport and program streams may be cut anywhere and joined from parts whose clocks differ.
_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "m4v"})


def can_plan(container: str, codec: str, table: PacketTable, timeline: Timeline) -> bool:
    """Return whether times alone tell which packet holds which frame, so that the others can be left out.

    AVI has no times of its own: those of a stream with B-frames are FFmpeg's guesses, and wrong if two frames are
    packed into one packet, as DivX did. Copied into another container, such packets keep their wrong times.
    """
    if container not in _CONTAINERS or codec not in _CODECS or not timeline.timed or any(table.discarded):
        return False
    if _in_order(table):
        return True
    return container != "avi" and not (codec == "mpeg4" and _may_be_packed(table))


def _in_order(table: PacketTable) -> bool:
    return list(table.times) == sorted(time for time in table.times if time is not None)


def _may_be_packed(table: PacketTable) -> bool:
    """Return whether a packet holds the starts of two frames (MPEG-4's vop_start_code, ISO/IEC 14496-2)."""
    return table.kept is None or any(bytes(packet).count(b"\0\0\1\xb6") > 1 for packet in table.kept)


def make_plan(table: PacketTable, timeline: Timeline, wanted: list[int]) -> bytearray:
    """Return what to do with each packet, so that the frames with the numbers `wanted` come out of the decoder.

    A frame is decoded from the nearest key packet before it that is not shown after it: behind an open group's key
    frame come some that are shown before it and refer to the group before.
    """
    at = {time: index for index, time in enumerate(table.times)}
    keys = [index for index, key in enumerate(table.keys) if key]
    actions = bytearray(len(table))
    for number in dict.fromkeys(wanted):
        time = timeline.ticks[number]
        index = at[time]
        start = _start(table, keys, index, time)
        for i in range(start, index):
            actions[i] = max(actions[i], REFERENCE)
        actions[index] = WANTED
    return actions


def _start(table: PacketTable, keys: list[int], index: int, time: int) -> int:
    """Return the packet from which to decode for the frame of packet `index`, which is shown at `time`."""
    for i in range(bisect_right(keys, index) - 1, -1, -1):
        shown_at = table.times[keys[i]]
        if shown_at is not None and shown_at <= time:
            return keys[i]
    return 0
