"""Which packets must be decoded for the wanted pictures: only those of the groups that hold them, up to the last one.

A plan is made of the packets' table alone. It leaves out whole groups of pictures, the rest of a group behind the last
wanted picture, and, through the decoder's own switch, pictures that no other refers to and nobody wants.
"""

from bisect import bisect_right

from videoxception.clip import Timeline
from videoxception.video.packets import Reel

SKIP, REFERENCE, WANTED = 0, 1, 2  # what is done with a packet: nothing; decoded if others refer to it; decoded

# Decoders that start cleanly at a key picture and put out pictures with their packets' times. AV1 (dav1d works ahead)
# and GIF (pictures that are patches of earlier ones, and no index) are not among them.
_CODECS = frozenset({"h264", "hevc", "mpeg4", "mpeg1video", "mpeg2video", "vp8", "vp9", "mjpeg", "prores", "dnxhd"})
# Transport and program streams may be cut anywhere and joined from parts whose clocks differ.
_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "m4v"})


def can_plan(container: str, codec: str, reel: Reel, timeline: Timeline) -> bool:
    """Whether times alone tell which packet holds which picture, so that the others can be left out.

    AVI has no times of its own: those of a stream with B-frames are FFmpeg's guesses, and wrong if two pictures are
    packed into one packet, as DivX did. Copied into another container, such packets keep their wrong times.
    """
    if container not in _CONTAINERS or codec not in _CODECS or not timeline.timed or any(reel.discarded):
        return False
    if _in_order(reel):
        return True
    return container != "avi" and not (codec == "mpeg4" and _may_be_packed(reel))


def _in_order(reel: Reel) -> bool:
    return list(reel.times) == sorted(time for time in reel.times if time is not None)


def _may_be_packed(reel: Reel) -> bool:
    """Whether a packet holds the starts of two pictures (MPEG-4's vop_start_code, ISO/IEC 14496-2)."""
    return reel.kept is None or any(bytes(packet).count(b"\0\0\1\xb6") > 1 for packet in reel.kept)


def make_plan(reel: Reel, timeline: Timeline, wanted: list[int]) -> bytearray:
    """What is done with each packet, so that the pictures with the numbers `wanted` come out of the decoder.

    A picture is decoded from the nearest key packet before it that is not shown after it: behind an open group's key
    picture come some that are shown before it and refer to the group before.
    """
    at = {time: index for index, time in enumerate(reel.times)}
    keys = [index for index, key in enumerate(reel.keys) if key]
    actions = bytearray(len(reel))
    for number in dict.fromkeys(wanted):
        time = timeline.ticks[number]
        index = at[time]
        start = _start(reel, keys, index, time)
        for i in range(start, index):
            actions[i] = max(actions[i], REFERENCE)
        actions[index] = WANTED
    return actions


def _start(reel: Reel, keys: list[int], index: int, time: int) -> int:
    for i in range(bisect_right(keys, index) - 1, -1, -1):
        shown_at = reel.times[keys[i]]
        if shown_at is not None and shown_at <= time:
            return keys[i]
    return 0
