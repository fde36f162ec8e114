"""When each frame of a stream is shown, and which packets it comes from: known before anything is decoded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from operator import itemgetter

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.clip import Timeline, make_timeline
from videoxception.times import close_jumps, interpolate, usable
from videoxception.video.errors import NoFrames, NotAVideo
from videoxception.video.orientation import Matrix
from videoxception.video.packets import PacketTable
from videoxception.video.roles import HIDDEN, SECOND, SHOWN

_TS_DISCONT = 0x200  # AVFMT_TS_DISCONT, of transport and program streams and Ogg


@dataclass(frozen=True, slots=True)
class Timing:
    """The timeline of a stream, and of each packet the number of the frame that it holds, or a field of.

    A packet that adds nothing to what is shown has the number None. `exact` is true if each frame has a time of its
    own in the file. Without times, packets are numbered in the file's order.
    """

    timeline: Timeline
    numbers: list[int | None]
    exact: bool

    def numbered(
        self, packets: "Iterable[tuple[int, Packet[VideoStream]]]"
    ) -> "Iterator[tuple[int, Packet[VideoStream]]]":
        """Yield the packets with their frame's number for a time: the decoder hands it on to the frame."""
        for index, packet in packets:
            packet.pts = self.numbers[index]
            yield index, packet

    def orientations(self, asked: Sequence[tuple[int, Matrix]]) -> list[tuple[int, Matrix]]:
        """Return what packets, given by index, ask for, each with the number of the first frame that it holds for.

        Of a packet that shows nothing, that is the frame behind the last one in the file before it. In ascending order.
        """
        if not asked:
            return []
        last = list(accumulate(self.numbers, lambda last, number: last if number is None else number, initial=-1))
        numbered = ((self.numbers[index], last[index], matrix) for index, matrix in asked)
        starts = [(before + 1 if number is None else number, matrix) for number, before, matrix in numbered]
        return sorted(starts, key=itemgetter(0))


def read_timing(table: PacketTable, container: InputContainer, stream: VideoStream) -> Timing:
    """Return when each frame of the stream is shown, from its packets alone.

    Raise `NoFrames`, or `NotAVideo` for a still in a file that could have held a video.
    """
    frames = table.roles.count(SHOWN)
    if frames == 0:
        raise NoFrames("the video stream holds no frames")
    if container.format.name == "gif" and frames == 1:
        raise NotAVideo("the file is a still frame (a GIF that does not move), not a video")
    time_base = stream.time_base or Fraction(1)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return time_frames(table, _continuous_times(table, container, time_base), time_base, rate)


def time_frames(table: PacketTable, times: Sequence[int | None], time_base: Fraction, rate: Fraction) -> Timing:
    """Return the timing of packets whose times are on one clock, or at a constant `rate` if they are of no use."""
    shown = [index for index, role in enumerate(table.roles) if role == SHOWN]
    of_frames = [times[index] for index in shown]
    filled = interpolate(of_frames) if usable(of_frames) else None
    ranks = _ranks(filled) if filled else range(len(shown))
    timeline = make_timeline(filled or of_frames, _durations(table, times, shown, ranks), time_base, rate)
    exact = len(set(of_frames) - {None}) == len(of_frames)
    return Timing(timeline, _numbers(table, shown, ranks), exact)


def _continuous_times(table: PacketTable, container: InputContainer, time_base: Fraction) -> list[int | None]:
    """Return the packets' times, on one clock. Some formats are joined from parts that have a clock each."""
    if container.format.flags & _TS_DISCONT:
        return close_jumps(table.times, table.clock, float(1 / time_base))
    return table.times


def _durations(
    table: PacketTable, times: Sequence[int | None], shown: list[int], ranks: Sequence[int]
) -> Sequence[int]:
    """Return the durations of the frames in the order in which they are shown; none if they are not known.

    FFmpeg's guess is wrong where some packets are no frames, and another frame's if the file's times were mended.
    """
    if HIDDEN in table.roles or SECOND in table.roles or times != table.times:
        return ()
    durations = [0] * len(shown)
    for index, rank in zip(shown, ranks, strict=True):
        durations[rank] = table.durations[index]
    return durations


def _ranks(times: list[int]) -> list[int]:
    """Return the place of each time when they are sorted."""
    ranks = [0] * len(times)
    for rank, index in enumerate(sorted(range(len(times)), key=times.__getitem__)):
        ranks[index] = rank
    return ranks


def _numbers(table: PacketTable, shown: list[int], ranks: Sequence[int]) -> list[int | None]:
    """Return the number of each packet's frame. A second field has that of the packet before."""
    if len(shown) == len(table):
        return list(ranks)
    number_of = dict(zip(shown, ranks, strict=True))
    numbers: list[int | None] = []
    for index, role in enumerate(table.roles):
        numbers.append(numbers[-1] if role == SECOND and numbers else number_of.get(index))
    return numbers
