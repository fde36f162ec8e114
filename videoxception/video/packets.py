"""Reading a file's packets, past its errors, and what is known from them before anything is decoded."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.video.errors import Stopped, TooLong
from videoxception.video.limits import Limits
from videoxception.video.mpeg4 import frame_types
from videoxception.video.orientation import Matrix, sei_reader
from videoxception.video.roles import role_reader

# A demuxer that reports this many errors without a packet in between has nothing more to give.
_ERRORS_IN_A_ROW = 8


class Deadline:
    """The end of the work on a file: after `limits.decoding` seconds, or when the caller stops it.

    An `endless` one is for work that is watched from outside for its progress.
    """

    def __init__(self, limits: Limits, stopped: Callable[[], bool], *, endless: bool = False) -> None:
        self._limit = limits.decoding
        self._end = math.inf if endless else time.monotonic() + limits.decoding
        self._stopped = stopped

    def check(self) -> None:
        """Raise `TooLong` past the deadline, and `Stopped` if the caller has stopped the work."""
        if self._stopped():
            raise Stopped("the caller stopped the decoding")
        if time.monotonic() > self._end:
            raise TooLong(f"the video takes more than the {self._limit:g} seconds of decoding that the limits allow")


def payload(container: InputContainer, stream: VideoStream, deadline: Deadline) -> "Iterator[Packet[VideoStream]]":
    """Yield the stream's packets that carry something, in the file's order.

    Empty packets are left out: a decoder takes one for the end of the stream.
    """
    errors = 0
    while errors < _ERRORS_IN_A_ROW:
        try:
            for packet in container.demux(stream):
                deadline.check()
                errors = 0
                if packet.size > 0:
                    yield packet
            return
        except MemoryError:  # not the file's fault: FFmpeg's error is of both kinds
            raise
        except av.FFmpegError:  # go on behind the damage: the demuxer has already moved past it
            errors += 1


@dataclass(slots=True)
class PacketTable:
    """A table of a stream's packets, in the file's order, and the packets themselves if they fit into memory.

    A packet without a time has the time None. `roles` says which hold a frame that is shown (roles.py). `matrices`
    are what orientation SEIs ask for, each with the index of its packet.
    """

    times: list[int | None] = field(default_factory=list)
    keys: bytearray = field(default_factory=bytearray)
    roles: bytearray = field(default_factory=bytearray)
    offsets: list[int] = field(default_factory=list)  # in the file, in bytes; -1 is unknown
    kept: "list[Packet[VideoStream]] | None" = field(default_factory=list)
    types: list[str] = field(default_factory=list)  # of the frames in each packet; of MPEG-4 Visual alone
    clock: list[int | None] = field(default_factory=list)  # the times of decoding, which rise unless the clock jumps
    durations: list[int] = field(default_factory=list)  # as the file says; 0 is unknown
    bytes: int = 0
    matrices: list[tuple[int, Matrix]] = field(default_factory=list)
    delayed: bool = False  # the decoder holds frames back, as it must to reorder them
    indexed: bool = False  # from the container's index, not from the packets themselves

    def __len__(self) -> int:
        return len(self.times)

    def add(self, packet: "Packet[VideoStream]", role: int, memory: int) -> None:
        """Add the next packet; beyond `memory` bytes, none are kept."""
        self.times.append(packet.pts)
        self.keys.append(packet.is_keyframe)
        self.roles.append(role)
        self.clock.append(packet.dts)
        self.durations.append(packet.duration or 0)
        self.offsets.append(offset_of(packet))
        self.bytes += packet.size
        if self.bytes > memory:
            self.kept = None
        elif self.kept is not None:
            self.kept.append(packet)


def offset_of(packet: "Packet[VideoStream]") -> int:
    """Return where the packet lies in the file, in bytes; -1 if the container does not say."""
    return -1 if packet.pos is None else packet.pos


def read_packets(container: InputContainer, stream: VideoStream, limits: Limits, deadline: Deadline) -> PacketTable:
    """Read the stream's packets to the end. Raise `TooLong` if there are more than the limit."""
    kept: list[Packet[VideoStream]] | None = [] if container.size <= limits.memory else None
    table = PacketTable(kept=kept, delayed=stream.codec_context.has_b_frames)
    role_of, matrix_asked = role_reader(stream), sei_reader(stream.codec_context)
    typed = table.delayed and stream.codec_context.name == "mpeg4"
    for packet in payload(container, stream, deadline):
        if typed:
            table.types.append(frame_types(bytes(packet)))
        if matrix_asked is not None and (matrix := matrix_asked(packet)) is not None:
            table.matrices.append((len(table), matrix))
        table.add(packet, role_of(packet), limits.memory)
        check_count(len(table), limits)
    return table


def check_count(packets: int, limits: Limits) -> None:
    """Raise `TooLong` if there are more packets than the limit."""
    if packets > limits.packets:
        raise TooLong(f"the video has over {limits.packets:,} frames, the limit")
