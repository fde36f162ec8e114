"""Which packets must be decoded for the wanted frames: only those of the groups that hold them, up to the last one.

A plan is made from the packets' table alone. It leaves out whole groups of frames, the rest of a group behind the
last wanted frame, and, by the decoder's option `skip_frame`, frames that are not wanted and that no other refers to.
"""

from bisect import bisect_right
from itertools import accumulate

from videoxception.video.packets import PacketTable
from videoxception.video.roles import DISCARDED, SECOND, SHOWN
from videoxception.video.timing import Timing

SKIP, REFERENCE, WANTED = 0, 1, 2  # what is done with a packet: nothing; decoded if others refer to it; decoded

# Decoders that start cleanly at a key frame and put out frames with their packets' times. AV1 (dav1d works ahead) and
# GIF (frames that are patches of earlier ones, and no index) are not among them.
_CODECS = frozenset({"h264", "hevc", "mpeg4", "mpeg1video", "mpeg2video", "vp8", "vp9", "mjpeg", "prores", "dnxhd"})
# Transport and program streams may be cut anywhere and joined from parts whose clocks differ.
_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "m4v"})


def can_plan(container: str, codec: str, table: PacketTable, timing: Timing) -> bool:
    """Return whether times alone tell which packet holds which frame, so that the others can be left out.

    AVI has no times of its own: those of a stream with B-frames are FFmpeg's guesses, and wrong if two frames are
    packed into one packet, as DivX did. Copied into another container, such packets keep their wrong times.
    """
    if container not in _CONTAINERS or codec not in _CODECS or not timing.timeline.timed or not timing.exact:
        return False
    if DISCARDED in table.roles or SECOND in table.roles:
        return False
    if _in_order(timing.numbers):
        return True
    return container != "avi" and not (codec == "mpeg4" and _may_be_packed(table))


def _in_order(numbers: list[int | None]) -> bool:
    known = [number for number in numbers if number is not None]
    return known == sorted(known)


def _may_be_packed(table: PacketTable) -> bool:
    """Return whether a packet holds the starts of two frames (MPEG-4's vop_start_code, ISO/IEC 14496-2)."""
    return table.kept is None or any(bytes(packet).count(b"\0\0\1\xb6") > 1 for packet in table.kept)


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
