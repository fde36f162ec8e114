"""Walking through a file's packets, past its errors."""

import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.clip import Timeline, make_timeline
from videoxception.video.errors import NoPictures, NotAVideo, Stopped, TooLong
from videoxception.video.limits import Limits

# A demuxer that reports this many errors without a packet in between has nothing more to give.
_ERRORS_IN_A_ROW = 8


class Patience:
    """How long the work may still go on: until a deadline, or until the caller says stop."""

    def __init__(self, limits: Limits, stopped: Callable[[], bool]) -> None:
        self._limit = limits.decoding
        self._end = time.monotonic() + limits.decoding
        self._stopped = stopped

    def check(self) -> None:
        """Raises `TooLong` past the deadline and `Stopped` when the caller wants no answer any more."""
        if self._stopped():
            raise Stopped("the caller stopped the decoding")
        if time.monotonic() > self._end:
            raise TooLong(f"the video takes more than the {self._limit:g} seconds of decoding that the limits allow")


def payload(container: InputContainer, stream: VideoStream, patience: Patience) -> "Iterator[Packet[VideoStream]]":
    """The stream's packets that carry something and are meant to be shown or needed to decode, in the file's order.

    Empty packets are left out: a decoder takes one for the end of the stream.
    """
    errors = 0
    while errors < _ERRORS_IN_A_ROW:
        try:
            for packet in container.demux(stream):
                patience.check()
                errors = 0
                if packet.size > 0:
                    yield packet
            return
        except av.FFmpegError:  # goes on behind the damage: the demuxer has already moved past it
            errors += 1


def read_timeline(container: InputContainer, stream: VideoStream, limits: Limits, patience: Patience) -> Timeline:
    """When each picture of the stream is shown, told by its packets alone. Nothing is decoded.

    Raises `NoPictures`, `TooLong`, or `NotAVideo` for a picture in a file that could have held a video.
    """
    times: list[int | None] = []
    latest: Packet[VideoStream] | None = None
    for packet in payload(container, stream, patience):
        if packet.is_discard:
            continue
        times.append(packet.pts)
        if len(times) > limits.packets:
            raise TooLong(f"the video has over {limits.packets:,} pictures, the limit")
        if latest is None or (packet.pts is not None and latest.pts is not None and packet.pts > latest.pts):
            latest = packet
    if latest is None:
        raise NoPictures("the video stream holds no pictures")
    if container.format.name == "gif" and len(times) == 1:
        raise NotAVideo("the file is a still picture (a GIF that does not move), not a video")
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return make_timeline(times, latest.duration, stream.time_base or Fraction(1), rate)
