"""The answer to a video that is too dear to decode: of each wanted picture, the key picture that is nearest in time.

A key picture needs no other, so that ten of them cost ten pictures, however long the video and its groups are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.clip import Timeline
from videoxception.video.packets import Patience, Reel
from videoxception.video.passes import Found, end_of, shown_size
from videoxception.video.picture import Picture, Scaler


@dataclass(frozen=True, slots=True)
class Key:
    """A key picture: which packet holds it, and its number among the pictures of the video."""

    packet: int
    number: int


def nearest_keys(reel: Reel, timeline: Timeline, wanted: list[int]) -> list[Key]:
    """For each wanted number of a picture, the key picture that is shown nearest to it; empty if there is none."""
    keys = _keys(reel, timeline)
    ticks = timeline.ticks
    return [min(keys, key=lambda key: abs(ticks[key.number] - ticks[k])) for k in wanted] if keys else []


def _keys(reel: Reel, timeline: Timeline) -> list[Key]:
    number_at = {tick: number for number, tick in enumerate(timeline.ticks)} if timeline.timed else {}
    keys, shown = [], 0
    for packet, (time, key, discarded) in enumerate(zip(reel.times, reel.keys, reel.discarded, strict=True)):
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
    patience: Patience,
) -> Found | None:
    """Decodes each of the key pictures alone; one that fails is the one before it, or the first. None if all fail."""
    chosen = {key.packet for key in keys}
    pictures: dict[int, Picture] = {}
    first: VideoFrame | None = None
    for index, packet in packets:
        if index not in chosen:
            continue
        patience.check()
        frame = _alone(packet, stream)
        if frame is not None:
            first = first or frame
            pictures[index] = scaler(frame)
    if first is None:
        return None
    size, turned = shown_size(first)
    return Found(
        _filled(pictures, keys),
        [key.number for key in keys],
        size,
        turned,
        damaged=len(pictures) < len(chosen),
        planned=True,
        decoded=len(pictures),
        keys_only=True,
    )


def _alone(packet: "Packet[VideoStream]", stream: VideoStream) -> VideoFrame | None:
    try:
        frames = [*packet.decode(), *end_of(stream).decode()]
    except av.FFmpegError:
        frames = []
    stream.codec_context.flush_buffers()
    return next((frame for frame in frames if not frame.is_corrupt), None)


def _filled(pictures: dict[int, Picture], keys: list[Key]) -> list[Picture]:
    filled = [pictures.get(key.packet) for key in keys]
    last = next(picture for picture in filled if picture is not None)
    return [last := last if picture is None else picture for picture in filled]
