"""Video file -> Clip: the packets are read once, and only what the wanted pictures need is decoded."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from videoxception.clip import Clip, ClipSpec, Timeline, choose
from videoxception.video.errors import TooDear
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

    `budget` is in pixels to be decoded: if more would be needed, `TooDear` is raised before the decoding starts.
    """
    limits = limits or Limits()
    patience = Patience(limits, stopped)
    with open_video(file, limits) as (container, stream):
        reel = read_reel(container, stream, limits, patience)
        job = _job(container, stream, reel, spec, patience)
        check_duration(job.duration or 0.0, limits)
        plan = job.plan if planned else None
        full_cost = _cost(stream, reel, None)
        if budget is not None and _cost(stream, reel, plan) > budget:
            raise TooDear
        found = None if reel.kept is None else job.run(reel.kept, stream, plan)
    if found is None and reel.kept is None and plan is not None:
        found = _read_again(file, limits, job, plan)
    if found is None and budget is not None and full_cost > budget:
        raise TooDear
    found = found or _read_again(file, limits, job, None)
    assert found is not None  # the full pass always finds something, or raises
    return job.clip(found, spec)


def _cost(stream: VideoStream, reel: Reel, plan: bytearray | None) -> float:
    """Pixels that will be decoded, as far as the header tells."""
    pictures = len(reel) if plan is None else len(plan) - plan.count(SKIP)
    return float(stream.codec_context.width * stream.codec_context.height * pictures)


def _read_again(file: BinaryIO, limits: Limits, job: "_Job", plan: bytearray | None) -> Found | None:
    """A pass on packets that are read from the file once more: too many to keep, or a plan that did not work out."""
    with open_video(file, limits) as (container, stream):
        return job.run(payload(container, stream, job.patience), stream, plan)


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

    def run(
        self, packets: "Iterable[Packet[VideoStream]]", stream: VideoStream, plan: bytearray | None
    ) -> Found | None:
        """Along the plan, or through everything if there is none. None if the plan did not work out."""
        if plan is None:
            return full_pass(packets, stream, self.timeline, self.wanted, self.scaler, self.patience)
        return planned_pass(packets, stream, plan, self.timeline, self.wanted, self.scaler, self.patience)

    def clip(self, found: Found, spec: ClipSpec) -> Clip:
        """The clip of the pictures that a pass found."""
        frames = np.stack(found.pictures)
        return Clip(
            frames=frames if spec.channels == "RGB" else np.ascontiguousarray(frames[..., ::-1]),
            duration=self.duration,
            width=found.size[0],
            height=found.size[1],
            codec=self.codec,
            timestamps=tuple(self.timeline.seconds(k) for k in self.wanted),
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
    if found.turned:
        yield "rotated"
    if timeline.timed and timeline.variable:
        yield "variable rate"
    if not timeline.timed:
        yield "no times"
