"""A file whose packets were read: what is known of it, and its frames, of which only what is needed is decoded."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import BinaryIO

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.clip import Clip, ClipSpec, Frames, Timeline
from videoxception.video.container import check_duration, open_video
from videoxception.video.dolby_vision import is_profile_5
from videoxception.video.errors import OverBudget, TooLong
from videoxception.video.frame import Scaler
from videoxception.video.full_pass import full_pass
from videoxception.video.index import IndexFailed, unturned
from videoxception.video.key_pass import Key, key_pass, nearest_keys
from videoxception.video.limits import Limits
from videoxception.video.mpeg4 import unpacked
from videoxception.video.orientation import Orienter
from videoxception.video.packets import Deadline, PacketTable, payload, read_packets
from videoxception.video.passes import PassFailed, Picked, Tally, united
from videoxception.video.plan import SKIP, by_types, can_plan, make_plan
from videoxception.video.planned_pass import planned_pass
from videoxception.video.seek import can_seek, needed_packets
from videoxception.video.streams import place_of
from videoxception.video.timing import Timing, read_timing
from videoxception.video.truncation import is_truncated

Packets = Iterable[tuple[int, "Packet[VideoStream]"]]
ReadTable = Callable[[InputContainer, VideoStream, Limits, Deadline], PacketTable]
_Run = Callable[[Packets, VideoStream, list[int], Tally], Iterator[Picked]]


@dataclass(frozen=True, slots=True)
class _Strategy:
    """One way to get the wanted frames, and its cost: pixels to decode, as far as the header tells."""

    cost: float
    run: _Run
    needed: bytearray | None = None  # which packets, if the others may be left out by seeking


@contextmanager
def read_video(
    file: BinaryIO, spec: ClipSpec, limits: Limits, deadline: Deadline, read: ReadTable = read_packets
) -> "Iterator[Video]":
    """Open a file and read its packets; yield what is known before anything is decoded. Raise a `VideoError`."""
    with open_video(file, limits, deadline) as (container, stream):
        notes = tuple(_notes(file, container, stream, limits))
        table = read(container, stream, limits, deadline)
        timing = read_timing(table, container, stream)
        name, context = container.format.name, stream.codec_context
        plannable = can_plan(name, context.name, table, timing)
        video = Video(
            file=file,
            spec=spec,
            limits=limits,
            deadline=deadline,
            stream=stream,
            table=table,
            timing=timing,
            plannable=plannable,
            typed=None if plannable else by_types(name, table, timing, context.extradata),
            notes=notes,
            scaler=Scaler(spec.size, spec.fit),
            orienter=Orienter(timing.orientations(table.matrices)),
        )
        check_duration(video.duration or 0.0, limits)
        yield video


@dataclass(slots=True)
class Video:
    """A file whose packets were read, and whose frames can be decoded, once. `tally` is what was noticed doing so."""

    file: BinaryIO
    spec: ClipSpec
    limits: Limits
    deadline: Deadline
    stream: VideoStream
    table: PacketTable
    timing: Timing
    plannable: bool
    typed: Timing | None  # by which it can be planned, too, once packed frames are unpacked
    notes: tuple[str, ...]
    scaler: Scaler
    orienter: Orienter
    tally: Tally = field(default_factory=Tally)

    @property
    def timeline(self) -> Timeline:
        """When its frames are shown."""
        return self.timing.timeline

    @property
    def duration(self) -> float | None:
        """Its length in seconds; None if the file does not tell."""
        return float(self.timeline.span * self.timeline.tick) if self.timeline.timed else None

    def frames(self, wanted: list[int], planned: bool = True, budget: float | None = None) -> Iterator[Picked]:
        """Decode and yield the frames of these numbers, which rise. See `decode_file` for the `budget`."""
        given = 0
        for strategy in self._strategies(wanted, planned):
            if budget is not None and strategy.cost > budget:
                raise OverBudget
            try:
                for picked in self._run(strategy, wanted[given:]):
                    given += 1
                    yield picked
                return
            except PassFailed:
                continue
        if self.table.indexed:
            raise IndexFailed
        raise TooLong(f"the video has more than the {self.limits.work:g} pixels to decode that the limits allow")

    def _run(self, strategy: _Strategy, wanted: list[int]) -> Iterator[Picked]:
        """Yield the frames that one strategy finds. The packets that were kept serve the first."""
        self.tally = Tally()
        if self.table.kept is not None:
            kept, self.table.kept = self.table.kept, None
            yield from strategy.run(enumerate(kept), self.stream, wanted, self.tally)
            return
        with open_video(self.file, self.limits, self.deadline, self.stream.index) as (container, stream):
            yield from strategy.run(self._packets(strategy, container, stream), stream, wanted, self.tally)

    def _packets(self, strategy: _Strategy, container: InputContainer, stream: VideoStream) -> Packets:
        """Read the packets that a strategy needs, numbered."""
        if strategy.needed is None:
            return enumerate(payload(container, stream, self.deadline))
        packets = needed_packets(container, stream, self.table, strategy.needed, self.deadline)
        return unturned(packets, stream) if self.table.indexed else packets

    def _strategies(self, wanted: list[int], planned: bool) -> Iterator[_Strategy]:
        """Yield the strategies that the limits allow, the best first: each is tried if the one before failed."""
        limits, pixels = self.limits, float(self.stream.codec_context.width * self.stream.codec_context.height)
        full_cost, again = pixels * len(self.table), self.table.kept is None
        if planned and (self.plannable or self.typed):
            plan = make_plan(self.table, self.typed or self.timing, wanted)
            cost = pixels * (len(plan) - plan.count(SKIP))
            if cost <= limits.work:
                yield from self._readable(_Strategy(cost, partial(self._along_plan, plan), plan), again)
        if self.table.indexed:  # nothing else is done with what the packets themselves did not tell
            return
        if full_cost <= limits.work:
            yield _Strategy(full_cost, self._through_everything)
        elif limits.key_frames and (keys := nearest_keys(self.table, self.timing, wanted)):
            packets = {packet for key in keys for packet in key.packets}
            needed = bytearray(number in packets for number in range(len(self.table)))
            near = dict(zip(wanted, keys, strict=True))
            yield from self._readable(_Strategy(pixels * len(packets), partial(self._by_keys, near), needed), again)

    def _readable(self, strategy: _Strategy, again: bool) -> Iterator[_Strategy]:
        """Yield the strategy with seeking, if packets must be read again and seeking may do, and then without."""
        if again and can_seek(self.table):
            yield strategy
        if not self.table.indexed:
            yield replace(strategy, needed=None)

    def _along_plan(
        self, plan: bytearray, packets: Packets, stream: VideoStream, wanted: list[int], tally: Tally
    ) -> Iterator[Picked]:
        """Decode what the plan names."""
        numbered: Packets = (self.typed or self.timing).numbered(packets)
        if self.typed:
            numbered = unpacked(numbered, stream, plan)
        return planned_pass(numbered, stream, plan, wanted, self.scaler, self.orienter, self.deadline, tally)

    def _through_everything(
        self, packets: Packets, stream: VideoStream, wanted: list[int], tally: Tally
    ) -> Iterator[Picked]:
        """Decode all there is."""
        numbered = self.timing.numbered(packets)
        return full_pass(numbered, stream, self.timeline, wanted, self.scaler, self.orienter, self.deadline, tally)

    def _by_keys(
        self, near: dict[int, Key], packets: Packets, stream: VideoStream, wanted: list[int], tally: Tally
    ) -> Iterator[Picked]:
        """Decode the key frames near the wanted ones."""
        keys = [near[number] for number in wanted]
        return key_pass(packets, stream, wanted, keys, self.scaler, self.orienter, self.deadline, tally)

    def clip(self, chosen: Sequence[int], found: Mapping[int, Picked]) -> Clip:
        """Return the clip of the frames with the numbers `chosen`, all of which were found."""
        picked = [found[number] for number in chosen]
        size, notes = united([each.facts for each in picked])
        return Clip(
            frames=self.stack(picked),
            duration=self.duration,
            width=size[0],
            height=size[1],
            codec=self.stream.codec_context.codec.canonical_name,
            timestamps=self.seconds(picked),
            warnings=(*self._warnings(notes), *self.notes),
            decoded=self.tally.decoded,
            planned=self.tally.planned,
        )

    def stack(self, picked: Sequence[Picked]) -> Frames:
        """Return frames as a clip holds them: uint8 (F, H, W, 3)."""
        frames = np.stack([each.frame for each in picked])
        return frames if self.spec.channels == "RGB" else np.ascontiguousarray(frames[..., ::-1])

    def seconds(self, picked: Sequence[Picked]) -> tuple[float, ...]:
        """Return the times of frames in seconds since the video's first one."""
        return tuple(self.timeline.seconds(each.number) for each in picked)

    def _warnings(self, of_frames: tuple[str, ...]) -> Iterator[str]:
        """Yield those of clip.WARNINGS that apply, but those of the header."""
        if len(self.timeline) < self.spec.frames:
            yield "short"
        if self.tally.damaged:
            yield "damaged"
        if is_truncated(self.file.fileno()):
            yield "truncated"
        if self.tally.keys_only:
            yield "key frames only"
        yield from of_frames
        if self.timeline.timed and self.timeline.variable:
            yield "variable rate"
        if not self.timeline.timed:
            yield "no times"


def _notes(file: BinaryIO, container: InputContainer, stream: VideoStream, limits: Limits) -> Iterator[str]:
    """Yield those of clip.WARNINGS that the header is reason for."""
    number, videos = place_of(container, stream, limits)
    if videos > 1:
        yield f"video {number} of {videos}"
    if is_profile_5(file, stream):
        yield "dolby vision"
