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

    AVI has no times of its own: those of a stream with B-frames are FFmpeg's guesses, and wrong if they are packed.
    """
    known = container in _CONTAINERS and codec in _CODECS and timeline.timed and any(reel.keys)
    return known and not any(reel.discarded) and (container != "avi" or _in_order(reel))


def _in_order(reel: Reel) -> bool:
    return list(reel.times) == sorted(time for time in reel.times if time is not None)


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
    for key in reversed(keys[: bisect_right(keys, index)]):
        shown_at = reel.times[key]
        if shown_at is not None and shown_at <= time:
            return key
    return 0
