"""Walks through a stream's packets that pick up the wanted pictures: one along a plan, one through everything.

Both give the same pictures, bit for bit. The planned pass does so at a fraction of the cost, or says that it cannot.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.clip import Timeline
from videoxception.video.errors import Undecodable
from videoxception.video.packets import Patience
from videoxception.video.picture import Picture, Scaler, quarter_turns
from videoxception.video.plan import SKIP, WANTED


@dataclass(frozen=True, slots=True)
class Found:
    """What a pass brings back: the wanted pictures in order, and what was noticed on the way."""

    pictures: list[Picture]
    numbers: list[int]  # of the pictures, in the order in which the video shows them
    size: tuple[int, int]  # (width, height) of the first one, as shown
    turned: bool
    damaged: bool
    planned: bool
    decoded: int  # pictures that came out of the decoder
    keys_only: bool = False  # the nearest key pictures stand for the wanted ones


def planned_pass(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]",
    stream: VideoStream,
    plan: bytearray,
    timeline: Timeline,
    wanted: list[int],
    scaler: Scaler,
    patience: Patience,
) -> Found | None:
    """Decodes those of the numbered packets that `plan` names. None if one is missing, or in any doubt."""
    numbers = {timeline.ticks[k]: k for k in wanted}
    pictures: dict[int, Picture] = {}
    shown: tuple[tuple[int, int], bool] | None = None
    decoded, last, context = 0, timeline.ticks[0] - 1, stream.codec_context
    try:
        for frame in _frames_of_plan(packets, stream, plan, patience):
            decoded += 1
            if frame.is_corrupt or frame.pts is None or frame.pts <= last:
                return None  # damage, or times that do not say which picture is which
            last = frame.pts
            if frame.pts in numbers:
                shown = shown or shown_size(frame)
                pictures[numbers[frame.pts]] = scaler(frame)
    except (av.FFmpegError, _NoKeyPicture):
        return None
    finally:
        context.skip_frame = "DEFAULT"
    if shown is None or len(pictures) < len(numbers):
        return None
    size, turned = shown
    return Found([pictures[k] for k in wanted], wanted, size, turned, damaged=False, planned=True, decoded=decoded)


def _frames_of_plan(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream, plan: bytearray, patience: Patience
) -> "Iterable[VideoFrame]":
    context, last, starting = stream.codec_context, -1, True
    for index, packet in packets:
        if plan[index] == SKIP:
            continue
        patience.check()
        if 0 <= last < index - 1:  # a jump, always to a key packet: the decoder gives what it holds and starts anew
            yield from end_of(stream).decode()
            context.flush_buffers()
            starting = True
        context.skip_frame = "DEFAULT" if plan[index] == WANTED else "NONREF"
        for frame in packet.decode():
            if starting and not frame.key_frame:
                raise _NoKeyPicture
            starting = False
            yield frame
        last = index
    yield from end_of(stream).decode()


class _NoKeyPicture(Exception):
    """A packet that calls itself a key, but is none: what follows may look like anything."""


def full_pass(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]",
    stream: VideoStream,
    timeline: Timeline,
    wanted: list[int],
    scaler: Scaler,
    patience: Patience,
) -> Found:
    """Decodes everything, past errors. Raises `Undecodable` if nothing came out."""
    walk = _FullPass(wanted, timeline, scaler)
    for _, packet in packets:
        patience.check()
        walk.take(packet)
    walk.take(end_of(stream))
    return walk.found()


def end_of(stream: VideoStream) -> "Packet[VideoStream]":
    """The empty packet that makes a decoder give what it holds."""
    packet = cast("Packet[VideoStream]", Packet())
    packet.stream = stream
    return packet


def shown_size(frame: VideoFrame) -> tuple[tuple[int, int], bool]:
    """(width, height) of a picture as it is shown, and whether it was turned for that."""
    turns = quarter_turns(frame.rotation)
    return ((frame.height, frame.width) if turns % 2 else (frame.width, frame.height)), turns != 0


class _FullPass:
    """Picks up the wanted pictures by their numbers.

    Pictures are numbered as they come out of the decoder. If one does not decode, those behind it must keep their
    numbers, and only times tell where the gap is. So two counts are kept: `by_order`, and `by_time`, which looks up a
    picture's time among the packets'. Times are believed as long as they rise; in AVI files with packed B-frames they
    don't, and there the order alone counts.
    """

    def __init__(self, wanted: list[int], timeline: Timeline, scaler: Scaler) -> None:
        self._expected = len(timeline)
        self._wanted = wanted
        self._scaler = scaler
        self._number_at = {tick: k for k, tick in enumerate(timeline.ticks)} if timeline.timed else {}
        self._by_order = _Picker(wanted)
        self._by_time: _Picker | None = _Picker(wanted) if timeline.timed else None
        self._interlaced = False
        self._seen = self._errors = 0

    def take(self, packet: "Packet[VideoStream]") -> None:
        """Decodes a packet, whatever comes of it."""
        try:
            for frame in packet.decode():
                self._see(frame)
        except av.FFmpegError:
            self._errors += 1

    def _see(self, frame: VideoFrame) -> None:
        self._errors += frame.is_corrupt
        self._interlaced |= frame.interlaced_frame
        shot = _Shot(frame, self._scaler)
        self._by_order.see(self._seen, shot)
        if self._by_time is not None:
            number = self._number_at.get(frame.pts) if frame.pts is not None else None
            if number is None or not self._by_time.see(number, shot):
                self._by_time = None
        self._seen += 1

    def found(self) -> Found:
        """The wanted pictures; each that did not decode is the nearest earlier one, or the first."""
        if self._seen == 0:
            raise Undecodable(f"none of the video's {self._expected} pictures could be decoded")
        picker = self._by_time or self._by_order
        pictures = picker.finish()
        return Found(pictures, self._wanted, *picker.shown, self._damaged, planned=False, decoded=self._seen)

    @property
    def _damaged(self) -> bool:
        """Whether pictures were lost. Interlaced streams may hold two packets a picture, one for each field."""
        packets_a_picture = 2 if self._interlaced else 1
        return self._errors > 0 or self._seen * packets_a_picture < self._expected


class _Shot:
    """A decoded picture that is scaled when it is first needed, and once."""

    def __init__(self, frame: VideoFrame, scaler: Scaler) -> None:
        self.shown = shown_size(frame)
        self._frame = frame
        self._scaler = scaler
        self._picture: Picture | None = None

    def scaled(self) -> Picture:
        """uint8 (H, W, 3)."""
        if self._picture is None:
            self._picture = self._scaler(self._frame)
        return self._picture


class _Picker:
    """Of numbered pictures that go by, keeps the wanted ones, and the one before where a wanted one is missing."""

    def __init__(self, wanted: list[int]) -> None:
        self._wanted = wanted
        self._kept: list[Picture] = []
        self.shown = ((0, 0), False)  # size and turn of the first one that is kept
        self._last: tuple[int, _Shot] | None = None

    def see(self, number: int, shot: _Shot) -> bool:
        """Takes note of picture `number`. False, and no more use, if it is not above the number before."""
        if self._last is not None and number <= self._last[0]:
            return False
        self._fill(number, self._last[1] if self._last else shot)
        self._fill(number + 1, shot)
        self._last = (number, shot)
        return True

    def finish(self) -> list[Picture]:
        """All wanted pictures; at least one picture must have been seen."""
        assert self._last is not None
        self._fill(self._wanted[-1] + 1, self._last[1])
        return self._kept

    def _fill(self, end: int, shot: _Shot) -> None:
        """Gives `shot` to all that are wanted before number `end` and still without a picture."""
        while len(self._kept) < len(self._wanted) and self._wanted[len(self._kept)] < end:
            self.shown = self.shown if self._kept else shot.shown
            self._kept.append(shot.scaled())
