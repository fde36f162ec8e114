"""Decoding key frames alone, for a video that costs too much otherwise: for each wanted frame, the nearest in time.

A key frame needs no other, so that ten of them cost ten frames, however long the video and its groups are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.clip import Timeline
from videoxception.video.frame import Frame, Scaler
from videoxception.video.packets import Deadline, PacketTable
from videoxception.video.passes import Found, check_memory, end_of, shown_size


@dataclass(frozen=True, slots=True)
class Key:
    """A key frame: which packet holds it, and its number among the frames of the video."""

    packet: int
    number: int


def nearest_keys(table: PacketTable, timeline: Timeline, wanted: list[int]) -> list[Key]:
    """Return for each wanted frame number the key frame that is shown nearest to it; nothing if there is none."""
    keys = _keys(table, timeline)
    ticks = timeline.ticks
    return [min(keys, key=lambda key: abs(ticks[key.number] - ticks[k])) for k in wanted] if keys else []


def _keys(table: PacketTable, timeline: Timeline) -> list[Key]:
    number_at = {tick: number for number, tick in enumerate(timeline.ticks)} if timeline.timed else {}
    keys, shown = [], 0
    for packet, (time, key, discarded) in enumerate(zip(table.times, table.keys, table.discarded, strict=True)):
        if discarded:
            continue
        if key:
            keys.append(Key(packet, number_at[time] if timeline.timed and time is not None else shown))
        shown += 1
    return keys


def key_pass(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]",
    stream: VideoStream,
    keys: list[Key],
    scaler: Scaler,
    deadline: Deadline,
) -> Found | None:
    """Decode each key frame alone. One that fails is the one before it, or the first; return None if all fail."""
    chosen = {key.packet for key in keys}
    frames: dict[int, Frame] = {}
    first: VideoFrame | None = None
    for index, packet in packets:
        if index not in chosen:
            continue
        deadline.check()
        frame = _alone(packet, stream)
        if frame is not None:
            first = first or frame
            frames[index] = scaler(frame)
    if first is None:
        return None
    size, turned = shown_size(first)
    return Found(
        _filled(frames, keys),
        [key.number for key in keys],
        size,
        turned,
        damaged=len(frames) < len(chosen),
        planned=True,
        decoded=len(frames),
        keys_only=True,
    )


def _alone(packet: "Packet[VideoStream]", stream: VideoStream) -> VideoFrame | None:
    """Decode one packet, and leave the decoder as if it had seen none."""
    try:
        frames = [*packet.decode(), *end_of(stream).decode()]
    except av.FFmpegError as error:
        check_memory(error, stream)
        frames = []
    stream.codec_context.flush_buffers()
    return next((frame for frame in frames if not frame.is_corrupt), None)


def _filled(frames: dict[int, Frame], keys: list[Key]) -> list[Frame]:
    """Return the frame of each key, or of the nearest one before it, or of the first that there is."""
    filled = [frames.get(key.packet) for key in keys]
    last = next(frame for frame in filled if frame is not None)
    return [last := last if frame is None else frame for frame in filled]
