"""What the three passes share, which decode a stream's packets and yield the wanted frames, in order.

`planned_pass.py` decodes only what they need, `full_pass.py` everything: the same frames, bit for bit, but the planned
pass may find that it cannot. `key_pass.py` decodes key frames alone, and so gives others, near the wanted ones.
"""

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import av
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.video.frame import Facts, Frame

_MOST_BYTES = 6  # of a pixel: three colours of 16 bits


class PassFailed(Exception):
    """A pass cannot go on, and another one must; the frames that it has yielded are right."""


@dataclass(frozen=True, slots=True)
class Picked:
    """The wanted frame of number `wanted`, scaled; `number` is another if that is a key frame that stands for it.

    Numbers count the frames in the order in which the video shows them.
    """

    wanted: int
    number: int
    frame: Frame
    facts: Facts


@dataclass(slots=True)
class Tally:
    """What a pass has noticed so far."""

    planned: bool = False
    decoded: int = 0  # frames that came out of the decoder
    damaged: bool = False
    keys_only: bool = False  # the nearest key frames stand for the wanted ones


def united(facts: Sequence[Facts]) -> Facts:
    """Return the size of the first of a clip's frames, and the warnings of all."""
    return facts[0][0], tuple(dict.fromkeys(note for _, notes in facts for note in notes))


def end_of(stream: VideoStream) -> "Packet[VideoStream]":
    """Return the empty packet that makes a decoder put out the frames that it still holds."""
    packet = cast("Packet[VideoStream]", Packet())
    packet.stream = stream
    return packet


def check_memory(error: av.FFmpegError, stream: VideoStream) -> None:
    """Raise `MemoryError` if there is none left for another frame: FFmpeg may have called that damage."""
    if isinstance(error, MemoryError):
        raise error
    pixels = stream.codec_context.width * stream.codec_context.height
    try:
        mmap.mmap(-1, max(1, pixels * _MOST_BYTES)).close()
    except OSError as lack:
        raise MemoryError from lack
