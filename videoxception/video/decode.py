"""Video file -> Clip: the packets are read once, and only what the wanted pictures need is decoded."""

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
from videoxception.video.errors import OverBudget, TooLong
from videoxception.video.jumps import Lost, can_jump, needed_packets
from videoxception.video.keys import key_pass, nearest_keys
from videoxception.video.limits import Limits
from videoxception.video.packets import Patience, Reel, payload, read_reel, timeline_of
from videoxception.video.passes import Found, full_pass, planned_pass
from videoxception.video.picture import Scaler
from videoxception.video.plan import SKIP, can_plan, make_plan
from videoxception.video.source import check_duration, open_video


def decode(
    path: Path,
    spec: ClipSpec,
    limits: Limits | None = None,
    stopped: Callable[[], bool] = lambda: False,
    *,
    planned: bool = True,
) -> Clip:
    """The clip of a video file that `spec` asks for.

    `stopped` is asked between packets; once it is true, `Stopped` is raised. Without `planned`, everything is decoded;
    the pictures are the same. Raises a `VideoError` that says what is wrong with the file, and `OSError` if it cannot
    be read.
    """
    with path.open("rb") as file:
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
    """What `decode` gives, for a file that is open already.

    `budget` is in pixels to be decoded: if more would be needed, `OverBudget` is raised before the decoding starts. A
    video over `limits.work` is answered from its key pictures, if the limits allow that, or else is `TooLong`.
    """
    limits = limits or Limits()
    patience = Patience(limits, stopped)
    found: Found | None = None
    with open_video(file, limits) as (container, stream):
        reel = read_reel(container, stream, limits, patience)
        job = _job(container, stream, reel, spec, patience)
        check_duration(job.duration or 0.0, limits)
        ways = deque(_ways(job, reel, _pixels(stream), limits, planned))
        if reel.kept is not None and ways:
            found = _take(ways.popleft(), enumerate(reel.kept), stream, budget)
    while found is None and ways:  # too many packets to keep, or a way that did not lead there
        way = ways.popleft()
        with open_video(file, limits) as (container, stream):
            found = _take(way, _packets(way, container, stream, reel, patience), stream, budget)
    if found is None:
        raise TooLong(f"the video has more than the {limits.work:g} pixels to decode that the limits allow")
    return job.clip(found, spec)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to the wanted pictures, and what it costs: pixels to decode, as far as the header tells."""

    cost: float
    walk: "Callable[[Iterable[tuple[int, Packet[VideoStream]]], VideoStream], Found | None]"
    needed: bytearray | None = None  # which packets, if the others may be jumped over


def _ways(job: "_Job", reel: Reel, pixels: float, limits: Limits, planned: bool) -> Iterator[_Way]:
    """The ways that the limits allow, the best first: each is taken if the one before did not lead to the pictures."""
    full_cost = pixels * len(reel)
    if planned and job.plan is not None:
        cost = pixels * (len(job.plan) - job.plan.count(SKIP))
        if cost <= limits.work:
            yield from _reading(_Way(cost, job.along_plan, job.plan), reel)
    if full_cost <= limits.work:
        yield _Way(full_cost, job.through_everything)
    elif limits.key_frames and (keys := nearest_keys(reel, job.timeline, job.wanted)):
        numbers = {key.packet for key in keys}
        needed = bytearray(number in numbers for number in range(len(reel)))
        walk = partial(key_pass, keys=keys, scaler=job.scaler, patience=job.patience)
        yield from _reading(_Way(pixels * len(numbers), walk, needed), reel)


def _reading(way: _Way, reel: Reel) -> Iterator[_Way]:
    """If packets must be read again: the way that jumps over the others, or, should that fail, past them all."""
    if reel.kept is None and can_jump(reel):
        yield way
    yield replace(way, needed=None)


def _packets(
    way: _Way, container: InputContainer, stream: VideoStream, reel: Reel, patience: Patience
) -> "Iterable[tuple[int, Packet[VideoStream]]]":
    if way.needed is None:
        return enumerate(payload(container, stream, patience))
    return needed_packets(container, stream, reel, way.needed, patience)


def _pixels(stream: VideoStream) -> float:
    """Of one picture."""
    return float(stream.codec_context.width * stream.codec_context.height)


def _take(
    way: _Way, packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream, budget: float | None
) -> Found | None:
    if budget is not None and way.cost > budget:
        raise OverBudget
    try:
        return way.walk(packets, stream)
    except Lost:
        return None


@dataclass(frozen=True, slots=True)
class _Job:
    """What is known of a video before anything is decoded, and what is wanted of it."""

    timeline: Timeline
    duration: float | None
    codec: str
    wanted: list[int]
    plan: bytearray | None
    scaler: Scaler
    patience: Patience

    def along_plan(self, packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream) -> Found | None:
        """Decodes what the plan names. None if the plan did not work out."""
        assert self.plan is not None
        return planned_pass(packets, stream, self.plan, self.timeline, self.wanted, self.scaler, self.patience)

    def through_everything(self, packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream) -> Found:
        """Decodes all there is."""
        return full_pass(packets, stream, self.timeline, self.wanted, self.scaler, self.patience)

    def clip(self, found: Found, spec: ClipSpec) -> Clip:
        """The clip of the pictures that a pass found."""
        frames = np.stack(found.pictures)
        return Clip(
            frames=frames if spec.channels == "RGB" else np.ascontiguousarray(frames[..., ::-1]),
            duration=self.duration,
            width=found.size[0],
            height=found.size[1],
            codec=self.codec,
            timestamps=tuple(self.timeline.seconds(k) for k in found.numbers),
            warnings=tuple(_warnings(self.timeline, spec, found)),
            decoded=found.decoded,
            planned=found.planned,
        )


def _job(container: InputContainer, stream: VideoStream, reel: Reel, spec: ClipSpec, patience: Patience) -> _Job:
    timeline = timeline_of(reel, container, stream)
    declared = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
    wanted = choose(timeline, spec)
    plannable = can_plan(container.format.name, stream.codec_context.name, reel, timeline)
    return _Job(
        timeline=timeline,
        duration=float(timeline.span * timeline.tick) if timeline.timed else declared,
        codec=stream.codec_context.codec.canonical_name,
        wanted=wanted,
        plan=make_plan(reel, timeline, wanted) if plannable else None,
        scaler=Scaler(spec.size, spec.fit),
        patience=patience,
    )


def _warnings(timeline: Timeline, spec: ClipSpec, found: Found) -> Iterator[str]:
    """Those of clip.WARNINGS that apply."""
    if len(timeline) < spec.frames:
        yield "short"
    if found.damaged:
        yield "damaged"
    if found.keys_only:
        yield "key frames only"
    if found.turned:
        yield "rotated"
    if timeline.timed and timeline.variable:
        yield "variable rate"
    if not timeline.timed:
        yield "no times"
