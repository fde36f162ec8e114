"""Decoding everything, past errors, for streams that cannot be planned, or whose plan did not work out."""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.clip import Timeline
from videoxception.video.errors import Undecodable
from videoxception.video.frame import Frame, Scaler, Shown
from videoxception.video.orientation import Orienter
from videoxception.video.packets import Deadline
from videoxception.video.passes import Picked, Tally, check_memory, end_of

_REACH = 16  # frames: times that are wrong stop rising within so many, since no codec shows a frame further off


def full_pass(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]",
    stream: VideoStream,
    timeline: Timeline,
    wanted: list[int],
    scaler: Scaler,
    orienter: Orienter,
    deadline: Deadline,
    tally: Tally,
) -> Iterator[Picked]:
    """Decode everything, past errors; packets' times are numbers of frames. Yield the wanted ones.

    One that did not decode is the nearest earlier one, or the first. Raise `Undecodable` if none came out at all.
    """
    walk = _FullPass(wanted, timeline, scaler, orienter, tally)
    for _, packet in packets:
        deadline.check()
        walk.take(packet)
        yield from walk.settled()
    walk.take(end_of(stream))
    yield from walk.rest()


class _FullPass:
    """Picks the wanted frames by their numbers.

    Frames are numbered as they come out of the decoder. If one does not decode, those behind it must keep their
    numbers, and only times tell where the gap is. So two counts are kept: `by_order`, and `by_time`, the number that
    the frame's packet has by its time. Times are believed as long as they rise; in AVI files with packed B-frames they
    don't, and from there on the order alone counts.
    """

    def __init__(self, wanted: list[int], timeline: Timeline, scaler: Scaler, orienter: Orienter, tally: Tally) -> None:
        self._expected = len(timeline)
        self._scaler = scaler
        self._orienter = orienter
        self._tally = tally
        self._by_order = _Picker(wanted)
        self._by_time: _Picker | None = _Picker(wanted) if timeline.timed else None

    def take(self, packet: "Packet[VideoStream]") -> None:
        """Decode a packet, past an error."""
        try:
            for frame in packet.decode():
                self._see(frame)
        except av.FFmpegError as error:
            check_memory(error, packet.stream)
            self._tally.damaged = True

    def _see(self, frame: VideoFrame) -> None:
        """Count a decoded frame both ways, and give up counting by time once times do not rise."""
        self._tally.damaged |= frame.is_corrupt
        number = self._tally.decoded if frame.pts is None else frame.pts
        lazy = _LazyFrame(frame, number, self._orienter, self._scaler)
        self._by_order.see(self._tally.decoded, lazy)
        if self._by_time is not None and (frame.pts is None or not self._by_time.see(frame.pts, lazy)):
            self._by_time = None
        self._tally.decoded += 1

    def settled(self) -> Iterator[Picked]:
        """Yield the frames that no frame to come can change."""
        yield from self._give(self._tally.decoded - _REACH)

    def rest(self) -> Iterator[Picked]:
        """Yield what is left of the wanted frames."""
        if self._tally.decoded == 0:
            raise Undecodable(f"none of the video's {self._expected} frames could be decoded")
        self._tally.damaged |= self._tally.decoded < self._expected
        (self._by_time or self._by_order).finish()
        yield from self._give(self._tally.decoded + 1)

    def _give(self, before: int) -> Iterator[Picked]:
        """Yield what was picked before so many frames had been seen, by the count that holds."""
        for picked in (self._by_time or self._by_order).give(before):
            yield picked
            self._by_order.drop(picked.wanted)


class _LazyFrame:
    """A decoded frame that is scaled when it is first needed, and once."""

    def __init__(self, frame: VideoFrame, number: int, orienter: Orienter, scaler: Scaler) -> None:
        self._frame = frame
        self._number = number
        self._orienter = orienter
        self._scaler = scaler

    @cached_property
    def shown(self) -> Shown:
        """The frame, and how it is shown."""
        return Shown(self._frame, self._orienter(self._frame, self._number))

    @cached_property
    def scaled(self) -> Frame:
        """The frame at the clip's size: uint8 (H, W, 3)."""
        return self._scaler(self._frame, self.shown.orientation)


class _Picker:
    """Of numbered frames that go by, picks the wanted ones, and the one before where a wanted one is missing."""

    def __init__(self, wanted: list[int]) -> None:
        self._coming = deque(wanted)
        self._picked: deque[tuple[int, Picked]] = deque()  # with the count of frames seen before
        self._seen = 0
        self._last: tuple[int, _LazyFrame] | None = None

    def see(self, number: int, frame: _LazyFrame) -> bool:
        """Take frame `number`. Return false if it is not above the number before: then counting has failed for good."""
        if self._last is not None and number <= self._last[0]:
            return False
        self._fill(number, self._last[1] if self._last else frame)
        self._fill(number + 1, frame)
        self._last = (number, frame)
        self._seen += 1
        return True

    def finish(self) -> None:
        """Pick the last frame for all that is still wanted; at least one frame must have been seen."""
        assert self._last is not None
        if self._coming:
            self._fill(self._coming[-1] + 1, self._last[1])

    def give(self, before: int) -> Iterator[Picked]:
        """Yield, and forget, what was picked before so many frames had been seen."""
        while self._picked and self._picked[0][0] < before:
            yield self._picked.popleft()[1]

    def drop(self, wanted: int) -> None:
        """Forget the frames up to the `wanted` one, which another picker has given."""
        while self._picked and self._picked[0][1].wanted <= wanted:
            self._picked.popleft()
        while self._coming and self._coming[0] <= wanted:
            self._coming.popleft()

    def _fill(self, end: int, frame: _LazyFrame) -> None:
        """Pick `frame` for every wanted frame before number `end` that is still missing."""
        while self._coming and self._coming[0] < end:
            number = self._coming.popleft()
            self._picked.append((self._seen, Picked(number, number, frame.scaled, frame.shown.facts)))
