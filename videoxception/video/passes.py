"""What the three passes share, which decode a stream's packets and keep the wanted frames.

`planned_pass.py` decodes only what they need, `full_pass.py` everything: the same frames, bit for bit, but the planned
pass may find that it cannot. `key_pass.py` decodes key frames alone, and so gives others, near the wanted ones.
"""

import mmap
from dataclasses import dataclass
from typing import cast

import av
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.video.frame import Facts, Frame

_MOST_BYTES = 6  # of a pixel: three colours of 16 bits


@dataclass(frozen=True, slots=True)
class Found:
    """What a pass brings back: the wanted frames in order, and what was noticed on the way."""

    frames: list[Frame]
    numbers: list[int]  # of the frames, in the order in which the video shows them
    size: tuple[int, int]  # (width, height) of the first one, as shown
    notes: tuple[str, ...]  # those of clip.WARNINGS that say how any of them is shown
    damaged: bool
    planned: bool
    decoded: int  # frames that came out of the decoder
    keys_only: bool = False  # the nearest key frames stand for the wanted ones


def united(facts: list[Facts]) -> Facts:
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
