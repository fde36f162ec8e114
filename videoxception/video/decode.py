"""Video file -> Clip: the packets are read once, and only what the wanted frames need is decoded."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.clip import Clip, ClipSpec, Timeline, choose
from videoxception.video.container import check_duration, open_video
from videoxception.video.dolby_vision import is_profile_5
from videoxception.video.errors import OverBudget, TooLong
from videoxception.video.frame import Scaler
from videoxception.video.full_pass import full_pass
from videoxception.video.key_pass import key_pass, nearest_keys
from videoxception.video.limits import Limits
from videoxception.video.orientation import Orienter
from videoxception.video.packets import Deadline, PacketTable, payload, read_packets
from videoxception.video.passes import Found
from videoxception.video.plan import SKIP, can_plan, make_plan
from videoxception.video.planned_pass import planned_pass
from videoxception.video.seek import SeekFailed, can_seek, needed_packets
from videoxception.video.source import open_source
from videoxception.video.streams import place_of
from videoxception.video.timing import Timing, read_timing
from videoxception.video.truncation import is_truncated


def decode(
    path: Path,
    spec: ClipSpec,
    limits: Limits | None = None,
    stopped: Callable[[], bool] = lambda: False,
    *,
    planned: bool = True,
) -> Clip:
    """Return the clip of a video file that `spec` asks for.

    `stopped` is called between packets; once it returns true, `Stopped` is raised. Without `planned`, everything is
    decoded; the frames are the same. Raise a `VideoError` that says what is wrong with the file, and `OSError` if it
    cannot be read.
    """
    limits = limits or Limits()
    with open_source(path, limits.bytes) as file:
        return decode_file(file, spec, limits, stopped, planned=planned)


def decode_file(
    file: BinaryIO,
    spec: ClipSpec,
    limits: Limits | None = None,
    stopped: Callable[[], bool] = lambda: False,
    *,
    planned: bool = True,
    budget: float | None = None,
) -> Clip:
    """Return what `decode` gives, for a file that is open already.

    `budget` is in pixels to be decoded: if more would be needed, `OverBudget` is raised before the decoding starts. A
    video over `limits.work` is answered from its key frames, if the limits allow that, or else is `TooLong`.
    """
    limits = limits or Limits()
    deadline = Deadline(limits, stopped)
    found: Found | None = None
    with open_video(file, limits, deadline) as (container, stream):
        index, notes = stream.index, tuple(_notes(file, container, stream, limits))
        table = read_packets(container, stream, limits, deadline)
        task = _make_task(container, stream, table, spec, deadline)
        check_duration(task.duration or 0.0, limits)
        strategies = deque(_strategies(task, table, _pixels(stream), limits, planned))
        if table.kept is not None and strategies:
            found = _try(strategies.popleft(), enumerate(table.kept), stream, budget)
    while found is None and strategies:  # too many packets to keep, or a strategy that failed
        strategy = strategies.popleft()
        with open_video(file, limits, deadline, index) as (container, stream):
            found = _try(strategy, _packets(strategy, container, stream, table, deadline), stream, budget)
    if found is None:
        raise TooLong(f"the video has more than the {limits.work:g} pixels to decode that the limits allow")
    clip = task.clip(found, spec, is_truncated(file.fileno()))
    return replace(clip, warnings=(*clip.warnings, *notes))


@dataclass(frozen=True, slots=True)
class _Strategy:
    """One way to get the wanted frames, and its cost: pixels to decode, as far as the header tells."""

    cost: float
    run: "Callable[[Iterable[tuple[int, Packet[VideoStream]]], VideoStream], Found | None]"
    needed: bytearray | None = None  # which packets, if the others may be left out by seeking


def _strategies(task: "_Task", table: PacketTable, pixels: float, limits: Limits, planned: bool) -> Iterator[_Strategy]:
    """Yield the strategies that the limits allow, the best first: each is tried if the one before failed."""
    full_cost = pixels * len(table)
    if planned and task.plan is not None:
        cost = pixels * (len(task.plan) - task.plan.count(SKIP))
        if cost <= limits.work:
            yield from _readable(_Strategy(cost, task.along_plan, task.plan), table)
    if full_cost <= limits.work:
        yield _Strategy(full_cost, task.through_everything)
    elif limits.key_frames and (keys := nearest_keys(table, task.timing, task.wanted)):
        packets = {packet for key in keys for packet in key.packets}
        needed = bytearray(number in packets for number in range(len(table)))
        run = partial(key_pass, keys=keys, scaler=task.scaler, orienter=task.orienter, deadline=task.deadline)
        yield from _readable(_Strategy(pixels * len(packets), run, needed), table)


def _readable(strategy: _Strategy, table: PacketTable) -> Iterator[_Strategy]:
    """Yield the strategy with seeking, if packets must be read again and seeking may do, and then without."""
    if table.kept is None and can_seek(table):
        yield strategy
    yield replace(strategy, needed=None)


def _packets(
    strategy: _Strategy, container: InputContainer, stream: VideoStream, table: PacketTable, deadline: Deadline
) -> "Iterable[tuple[int, Packet[VideoStream]]]":
    """Read the packets that a strategy needs, numbered."""
    if strategy.needed is None:
        return enumerate(payload(container, stream, deadline))
    return needed_packets(container, stream, table, strategy.needed, deadline)


def _pixels(stream: VideoStream) -> float:
    """Return the pixels of one frame."""
    return float(stream.codec_context.width * stream.codec_context.height)


def _try(
    strategy: _Strategy, packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream, budget: float | None
) -> Found | None:
    """Run a strategy; return None if it fails. Raise `OverBudget` if it costs more than the budget."""
    if budget is not None and strategy.cost > budget:
        raise OverBudget
    try:
        return strategy.run(packets, stream)
    except SeekFailed:
        return None


@dataclass(frozen=True, slots=True)
class _Task:
    """What is known of a video before anything is decoded, and which frames of it are wanted."""

    timing: Timing
    duration: float | None
    codec: str
    wanted: list[int]
    plan: bytearray | None
    scaler: Scaler
    orienter: Orienter
    deadline: Deadline

    def along_plan(self, packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream) -> Found | None:
        """Decode what the plan names. Return None if the plan did not work out."""
        assert self.plan is not None
        numbered = self.timing.numbered(packets)
        return planned_pass(numbered, stream, self.plan, self.wanted, self.scaler, self.orienter, self.deadline)

    def through_everything(self, packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream) -> Found:
        """Decode all there is."""
        numbered = self.timing.numbered(packets)
        return full_pass(numbered, stream, self.timing.timeline, self.wanted, self.scaler, self.orienter, self.deadline)

    def clip(self, found: Found, spec: ClipSpec, truncated: bool) -> Clip:
        """Return the clip of the frames that a pass found."""
        frames = np.stack(found.frames)
        return Clip(
            frames=frames if spec.channels == "RGB" else np.ascontiguousarray(frames[..., ::-1]),
            duration=self.duration,
            width=found.size[0],
            height=found.size[1],
            codec=self.codec,
            timestamps=tuple(self.timing.timeline.seconds(k) for k in found.numbers),
            warnings=tuple(_warnings(self.timing.timeline, spec, found, truncated)),
            decoded=found.decoded,
            planned=found.planned,
        )


def _make_task(
    container: InputContainer, stream: VideoStream, table: PacketTable, spec: ClipSpec, deadline: Deadline
) -> _Task:
    timing = read_timing(table, container, stream)
    timeline = timing.timeline
    wanted = choose(timeline, spec)
    plannable = can_plan(container.format.name, stream.codec_context.name, table, timing)
    return _Task(
        timing=timing,
        duration=float(timeline.span * timeline.tick) if timeline.timed else None,
        codec=stream.codec_context.codec.canonical_name,
        wanted=wanted,
        plan=make_plan(table, timing, wanted) if plannable else None,
        scaler=Scaler(spec.size, spec.fit),
        orienter=Orienter(timing.orientations(table.matrices)),
        deadline=deadline,
    )


def _notes(file: BinaryIO, container: InputContainer, stream: VideoStream, limits: Limits) -> Iterator[str]:
    """Yield those of clip.WARNINGS that the header is reason for."""
    number, videos = place_of(container, stream, limits)
    if videos > 1:
        yield f"video {number} of {videos}"
    if is_profile_5(file, stream):
        yield "dolby vision"


def _warnings(timeline: Timeline, spec: ClipSpec, found: Found, truncated: bool) -> Iterator[str]:
    """Yield those of clip.WARNINGS that apply."""
    if len(timeline) < spec.frames:
        yield "short"
    if found.damaged:
        yield "damaged"
    if truncated:
        yield "truncated"
    if found.keys_only:
        yield "key frames only"
    yield from found.notes
    if timeline.timed and timeline.variable:
        yield "variable rate"
    if not timeline.timed:
        yield "no times"
