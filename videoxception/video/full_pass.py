"""Decoding everything, past errors, for streams that cannot be planned, or whose plan did not work out."""

from collections.abc import Iterable
from functools import cached_property

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.clip import Timeline
from videoxception.video.errors import Undecodable
from videoxception.video.frame import Facts, Frame, Scaler, Shown
from videoxception.video.orientation import Orienter
from videoxception.video.packets import Deadline
from videoxception.video.passes import Found, check_memory, end_of, united


def full_pass(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]",
    stream: VideoStream,
    timeline: Timeline,
    wanted: list[int],
    scaler: Scaler,
    orienter: Orienter,
    deadline: Deadline,
) -> Found:
    """Decode everything, past errors; packets' times are numbers of frames. Raise `Undecodable` if none came out."""
    walk = _FullPass(wanted, timeline, scaler, orienter)
    for _, packet in packets:
        deadline.check()
        walk.take(packet)
    walk.take(end_of(stream))
    return walk.found()


class _FullPass:
    """Keeps the wanted frames by their numbers.

    Frames are numbered as they come out of the decoder. If one does not decode, those behind it must keep their
    numbers, and only times tell where the gap is. So two counts are kept: `by_order`, and `by_time`, the number that
    the frame's packet has by its time. Times are believed as long as they rise; in AVI files with packed B-frames they
    don't, and there the order alone counts.
    """

    def __init__(self, wanted: list[int], timeline: Timeline, scaler: Scaler, orienter: Orienter) -> None:
        self._expected = len(timeline)
        self._wanted = wanted
        self._scaler = scaler
        self._orienter = orienter
        self._by_order = _Picker(wanted)
        self._by_time: _Picker | None = _Picker(wanted) if timeline.timed else None
        self._seen = self._errors = 0

    def take(self, packet: "Packet[VideoStream]") -> None:
        """Decode a packet; an error is counted."""
        try:
            for frame in packet.decode():
                self._see(frame)
        except av.FFmpegError as error:
            check_memory(error, packet.stream)
            self._errors += 1

    def _see(self, frame: VideoFrame) -> None:
        """Count a decoded frame both ways, and give up counting by time once times do not rise."""
        self._errors += frame.is_corrupt
        number = self._seen if frame.pts is None else frame.pts
        lazy = _LazyFrame(frame, number, self._orienter, self._scaler)
        self._by_order.see(self._seen, lazy)
        if self._by_time is not None and (frame.pts is None or not self._by_time.see(frame.pts, lazy)):
            self._by_time = None
        self._seen += 1

    def found(self) -> Found:
        """Return the wanted frames; one that did not decode is the nearest earlier one, or the first."""
        if self._seen == 0:
            raise Undecodable(f"none of the video's {self._expected} frames could be decoded")
        picker = self._by_time or self._by_order
        frames = picker.finish()
        return Found(frames, self._wanted, *united(picker.facts), self._damaged, planned=False, decoded=self._seen)

    @property
    def _damaged(self) -> bool:
        """Whether frames were lost."""
        return self._errors > 0 or self._seen < self._expected


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
    """Of numbered frames that go by, keeps the wanted ones, and the one before where a wanted one is missing."""

    def __init__(self, wanted: list[int]) -> None:
        self._wanted = wanted
        self._kept: list[Frame] = []
        self.facts: list[Facts] = []  # of those that are kept
        self._last: tuple[int, _LazyFrame] | None = None

    def see(self, number: int, frame: _LazyFrame) -> bool:
        """Take frame `number`. Return false if it is not above the number before: then counting has failed for good."""
        if self._last is not None and number <= self._last[0]:
            return False
        self._fill(number, self._last[1] if self._last else frame)
        self._fill(number + 1, frame)
        self._last = (number, frame)
        return True

    def finish(self) -> list[Frame]:
        """Return all wanted frames; at least one frame must have been seen."""
        assert self._last is not None
        self._fill(self._wanted[-1] + 1, self._last[1])
        return self._kept

    def _fill(self, end: int, frame: _LazyFrame) -> None:
        """Take `frame` for every wanted frame before number `end` that is still missing."""
        while len(self._kept) < len(self._wanted) and self._wanted[len(self._kept)] < end:
            self.facts.append(frame.shown.facts)
            self._kept.append(frame.scaled)
