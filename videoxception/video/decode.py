"""Video file -> Clip, by the straightforward exact path: decode all pictures, convert only those that are wanted."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.clip import Clip, ClipSpec, Timeline, choose
from videoxception.video.errors import Undecodable
from videoxception.video.limits import Limits
from videoxception.video.packets import Patience, payload, read_timeline
from videoxception.video.picture import Picture, Scaler, quarter_turns
from videoxception.video.source import check_duration, open_video


def decode(
    path: Path, spec: ClipSpec, limits: Limits | None = None, stopped: Callable[[], bool] = lambda: False
) -> Clip:
    """The clip of a video file that `spec` asks for.

    `stopped` is asked between packets; once it is true, `Stopped` is raised. Raises a `VideoError` that says what is
    wrong with the file, and `OSError` if it cannot be read.
    """
    limits = limits or Limits()
    patience = Patience(limits, stopped)
    with open_video(path, limits) as (container, stream):
        timeline = read_timeline(container, stream, limits, patience)
        declared = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
    duration = float(timeline.span * timeline.tick) if timeline.timed else declared
    check_duration(duration or 0.0, limits)
    with open_video(path, limits) as (container, stream):
        pass_ = _Pass(choose(timeline, spec), timeline, Scaler(spec.size, spec.fit))
        pass_.run(container, stream, patience)
        codec = stream.codec_context.codec.canonical_name
    frames = np.stack(pass_.pictures())
    return Clip(
        frames=frames if spec.channels == "RGB" else np.ascontiguousarray(frames[..., ::-1]),
        duration=duration,
        width=pass_.size[0],
        height=pass_.size[1],
        codec=codec,
        timestamps=tuple(timeline.seconds(k) for k in pass_.wanted),
        warnings=_warnings(timeline, spec, pass_),
    )


class _Pass:
    """One walk through a stream that picks up the wanted pictures by their numbers.

    Pictures are numbered as they come out of the decoder. If one does not decode, those behind it must keep their
    numbers, and only times tell where the gap is. So two counts are kept: `by_order`, and `by_time`, which looks up a
    picture's time among the packets'. Times are believed as long as they rise; in AVI files with packed B-frames they
    don't, and there the order alone counts.
    """

    def __init__(self, wanted: list[int], timeline: Timeline, scaler: Scaler) -> None:
        self.wanted = wanted
        self.size = (0, 0)  # (width, height) as shown
        self.turned = False
        self.seen = 0
        self.errors = 0
        self._expected = len(timeline)
        self._scaler = scaler
        self._number_at = {tick: k for k, tick in enumerate(timeline.ticks)} if timeline.timed else {}
        self._by_order = _Picker(wanted)
        self._by_time: _Picker | None = _Picker(wanted) if timeline.timed else None
        self._interlaced = False

    def run(self, container: InputContainer, stream: VideoStream, patience: Patience) -> None:
        """Decodes the whole stream, going on past errors. Raises `Undecodable` if nothing came out."""
        for packet in payload(container, stream, patience):
            self._take(packet)
        flush = cast("Packet[VideoStream]", Packet())
        flush.stream = stream
        self._take(flush)
        if self.seen == 0:
            raise Undecodable(f"none of the video's {self._expected} pictures could be decoded")

    def _take(self, packet: "Packet[VideoStream]") -> None:
        try:
            for frame in packet.decode():
                self._see(frame)
        except av.FFmpegError:
            self.errors += 1

    def _see(self, frame: VideoFrame) -> None:
        if self.seen == 0:
            self.turned = quarter_turns(frame.rotation) != 0
            on_side = quarter_turns(frame.rotation) % 2 == 1
            self.size = (frame.height, frame.width) if on_side else (frame.width, frame.height)
        self.errors += frame.is_corrupt
        self._interlaced |= frame.interlaced_frame
        shot = _Shot(frame, self._scaler)
        self._by_order.see(self.seen, shot)
        if self._by_time is not None:
            number = self._number_at.get(frame.pts) if frame.pts is not None else None
            if number is None or not self._by_time.see(number, shot):
                self._by_time = None
        self.seen += 1

    def pictures(self) -> list[Picture]:
        """The wanted pictures, in order; each that did not decode is the nearest earlier one, or the first."""
        return (self._by_time or self._by_order).finish()

    @property
    def damaged(self) -> bool:
        """Whether pictures were lost. Interlaced streams may hold two packets a picture, one for each field."""
        packets_a_picture = 2 if self._interlaced else 1
        return self.errors > 0 or self.seen * packets_a_picture < self._expected


class _Shot:
    """A decoded picture that is scaled when it is first needed, and once."""

    def __init__(self, frame: VideoFrame, scaler: Scaler) -> None:
        self._frame = frame
        self._scaler = scaler
        self._picture: Picture | None = None

    def scaled(self) -> Picture:
        if self._picture is None:
            self._picture = self._scaler(self._frame)
        return self._picture


class _Picker:
    """Of numbered pictures that go by, keeps the wanted ones, and the one before where a wanted one is missing."""

    def __init__(self, wanted: list[int]) -> None:
        self._wanted = wanted
        self._kept: list[Picture] = []
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
            self._kept.append(shot.scaled())


def _warnings(timeline: Timeline, spec: ClipSpec, done: _Pass) -> tuple[str, ...]:
    def applying() -> Iterator[str]:
        if len(timeline) < spec.frames:
            yield "short"
        if done.damaged:
            yield "damaged"
        if done.turned:
            yield "rotated"
        if timeline.timed and timeline.variable:
            yield "variable rate"
        if not timeline.timed:
            yield "no times"

    return tuple(applying())
