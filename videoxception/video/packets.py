"""Walking through a file's packets, past its errors, and what they tell before anything is decoded."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.clip import Timeline, make_timeline
from videoxception.video.errors import NoFrames, NotAVideo, Stopped, TooLong
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
    """The stream's packets that carry something, in the file's order.

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


@dataclass(slots=True)
class Reel:
    """The packets of a stream, in the file's order, if they fit into memory, and a table of all of them.

    A packet without a time has the time None. Discarded ones are needed to decode, but are never shown.
    """

    times: list[int | None] = field(default_factory=list)
    keys: bytearray = field(default_factory=bytearray)
    discarded: bytearray = field(default_factory=bytearray)
    places: list[int] = field(default_factory=list)  # in the file, in bytes; -1 is unknown
    kept: "list[Packet[VideoStream]] | None" = field(default_factory=list)
    bytes: int = 0
    latest: int | None = None  # of the times
    last_duration: int | None = None  # of the packet that is shown last

    def __len__(self) -> int:
        return len(self.times)

    def add(self, packet: "Packet[VideoStream]", memory: int) -> None:
        """Takes in the next packet; beyond `memory` bytes, none are kept."""
        if not packet.is_discard and packet.pts is not None and (self.latest is None or packet.pts > self.latest):
            self.latest, self.last_duration = packet.pts, packet.duration
        self.times.append(packet.pts)
        self.keys.append(packet.is_keyframe)
        self.discarded.append(packet.is_discard)
        self.places.append(place_of(packet))
        self.bytes += packet.size
        if self.bytes > memory:
            self.kept = None
        elif self.kept is not None:
            self.kept.append(packet)

    @property
    def shown(self) -> list[int | None]:
        """The times of the packets that are shown, in the file's order."""
        return [time for time, discarded in zip(self.times, self.discarded, strict=True) if not discarded]


def place_of(packet: "Packet[VideoStream]") -> int:
    """Where the packet lies in the file, in bytes; -1 if the container does not tell."""
    return -1 if packet.pos is None else packet.pos


def read_reel(container: InputContainer, stream: VideoStream, limits: Limits, patience: Patience) -> Reel:
    """Reads the stream's packets to the end. Raises `TooLong` if there are more than the limit."""
    reel = Reel(kept=[] if container.size <= limits.memory else None)
    for packet in payload(container, stream, patience):
        reel.add(packet, limits.memory)
        if len(reel) > limits.packets:
            raise TooLong(f"the video has over {limits.packets:,} pictures, the limit")
    return reel


def timeline_of(reel: Reel, container: InputContainer, stream: VideoStream) -> Timeline:
    """When each picture of the stream is shown, told by its packets alone.

    Raises `NoFrames`, or `NotAVideo` for a picture in a file that could have held a video.
    """
    times = reel.shown
    if not times:
        raise NoFrames("the video stream holds no frames")
    if container.format.name == "gif" and len(times) == 1:
        raise NotAVideo("the file is a still picture (a GIF that does not move), not a video")
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return make_timeline(times, reel.last_duration, stream.time_base or Fraction(1), rate)
