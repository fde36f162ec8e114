"""Which packets must be decoded for the wanted frames: only those of the groups that hold them, up to the last one.

A plan is made from the packets' table alone. It leaves out whole groups of frames, the rest of a group behind the
last wanted frame, and, by the decoder's option `skip_frame`, frames that are not wanted and that no other refers to.
"""

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate

from videoxception.video.mpeg4 import frame_numbers
from videoxception.video.packets import PacketTable
from videoxception.video.roles import DISCARDED, SECOND, SHOWN
from videoxception.video.timing import Timing

SKIP, REFERENCE, WANTED = 0, 1, 2  # what is done with a packet: nothing; decoded if others refer to it; decoded

# Decoders that start cleanly at a key frame and put out frames with their packets' times. AV1 (dav1d works ahead) is
# not among them. Of GIF only the first frame is a key frame, so that a plan saves what comes after the last wanted one.
_CODECS = frozenset(
    {"h264", "hevc", "mpeg4", "mpeg1video", "mpeg2video", "vp8", "vp9", "mjpeg", "prores", "dnxhd", "gif"}
)
# Transport and program streams may be cut anywhere and joined from parts whose clocks differ.
_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "m4v", "gif"})


def can_plan(container: str, codec: str, table: PacketTable, timing: Timing) -> bool:
    """Return whether times alone tell which packet holds which frame, so that the others can be left out.

    They do not if two frames are packed into one packet, as DivX did, whatever container such packets were copied to;
    `by_types` may tell then. Nor do FFmpeg's guesses for B-frames in AVI, which gives only packets a time.
    """
    if container not in _CONTAINERS or codec not in _CODECS or not timing.timeline.timed or not timing.exact:
        return False
    if DISCARDED in table.roles or SECOND in table.roles:
        return False
    if any(len(types) > 1 for types in table.types):
        return False
    return container != "avi" or (_in_order(timing.numbers) and not _has_b_frames(table))


def by_types(container: str, table: PacketTable, timing: Timing, extradata: bytes | None) -> Timing | None:
    """Return the timing in which the types of MPEG-4 frames say which packet gives which; None if they do not."""
    if container not in _CONTAINERS or set(table.roles) != {SHOWN} or not timing.timeline.timed:
        return None
    numbers = frame_numbers(table.types, extradata)
    return None if numbers is None else replace(timing, numbers=numbers)


def _has_b_frames(table: PacketTable) -> bool:
    """Return whether some frames are shown before others that are decoded first, or may be."""
    return any("B" in types for types in table.types) if table.types else table.delayed


def _in_order(numbers: list[int | None]) -> bool:
    known = [number for number in numbers if number is not None]
    return known == sorted(known)


def make_plan(table: PacketTable, timing: Timing, wanted: list[int]) -> bytearray:
    """Return what to do with each packet, so that the frames with the numbers `wanted` come out of the decoder.

    A frame is decoded from the nearest key packet before it that is not shown after it: behind an open group's key
    frame come some that are shown before it and refer to the group before.
    """
    at = {number: index for index, number in enumerate(timing.numbers) if table.roles[index] == SHOWN}
    keys = [index for index, key in enumerate(table.keys) if key]
    needed = [0] * (len(table) + 1)  # how many more wanted frames need a packet than the one before it
    for number in set(wanted):
        needed[_start(timing.numbers, keys, at[number], number)] += 1
        needed[at[number]] -= 1
    actions = bytearray(REFERENCE if frames else SKIP for frames in accumulate(needed[:-1]))
    for number in wanted:
        actions[at[number]] = WANTED
    return actions


def _start(numbers: list[int | None], keys: list[int], index: int, number: int) -> int:
    """Return the packet from which to decode for frame `number`, which packet `index` holds."""
    for i in range(bisect_right(keys, index) - 1, -1, -1):
        shown_as = numbers[keys[i]]
        if shown_as is not None and shown_as <= number:
            return keys[i]
    return 0
