"""Decoding key frames alone, for a video that costs too much otherwise: for each wanted frame, the nearest in time.

A key frame needs no other, so that ten of them cost ten frames, however long the video and its groups are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.video.frame import Facts, Frame, Scaler, Shown
from videoxception.video.orientation import Orienter
from videoxception.video.packets import Deadline, PacketTable
from videoxception.video.passes import PassFailed, Picked, Tally, check_memory, end_of
from videoxception.video.roles import SECOND, SHOWN
from videoxception.video.timing import Timing


@dataclass(frozen=True, slots=True)
class Key:
    """A key frame: which packets hold it (two if each holds a field), and its number among the frames of the video."""

    packets: range
    number: int


def nearest_keys(table: PacketTable, timing: Timing, wanted: list[int]) -> list[Key]:
    """Return for each wanted frame number the key frame that is shown nearest to it; nothing if there is none."""
    keys = _keys(table, timing)
    ticks = timing.timeline.ticks
    return [min(keys, key=lambda key: abs(ticks[key.number] - ticks[k])) for k in wanted] if keys else []


def _keys(table: PacketTable, timing: Timing) -> list[Key]:
    keys = []
    for packet, (number, key, role) in enumerate(zip(timing.numbers, table.keys, table.roles, strict=True)):
        if key and role == SHOWN and number is not None:
            fields = 2 if table.roles[packet + 1 : packet + 2] == bytes([SECOND]) else 1
            keys.append(Key(range(packet, packet + fields), number))
    return keys


def key_pass(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]",
    stream: VideoStream,
    wanted: list[int],
    keys: list[Key],
    scaler: Scaler,
    orienter: Orienter,
    deadline: Deadline,
    tally: Tally,
) -> Iterator[Picked]:
    """Decode each key frame alone, and yield one for each wanted frame.

    One that fails is the one before it, or the first. Raise `PassFailed` if all fail.
    """
    last_of = {key.packets[-1]: key for key in keys}
    chosen = {packet for key in keys for packet in key.packets}
    frames: dict[int, tuple[Frame, Facts]] = {}
    fields: list[Packet[VideoStream]] = []
    for index, packet in packets:
        if index not in chosen:
            continue
        deadline.check()
        fields.append(packet)
        if index in last_of:
            frame = _alone(fields, stream)
            fields = []
            if frame is not None:
                number = last_of[index].number
                shown = Shown(frame, orienter(frame, number))
                frames[number] = scaler(frame, shown.orientation), shown.facts
    if not frames:
        raise PassFailed
    tally.planned, tally.keys_only = True, True
    tally.decoded, tally.damaged = len(frames), len(frames) < len(last_of)
    for number, key, (scaled, facts) in zip(wanted, keys, _filled(frames, keys), strict=True):
        yield Picked(number, key.number, scaled, facts)


def _alone(fields: "list[Packet[VideoStream]]", stream: VideoStream) -> VideoFrame | None:
    """Decode one frame's packets, and leave the decoder as if it had seen none."""
    try:
        frames = [frame for packet in [*fields, end_of(stream)] for frame in packet.decode()]
    except av.FFmpegError as error:
        check_memory(error, stream)
        frames = []
    stream.codec_context.flush_buffers()
    return next((frame for frame in frames if not frame.is_corrupt), None)


def _filled(frames: dict[int, tuple[Frame, Facts]], keys: list[Key]) -> list[tuple[Frame, Facts]]:
    """Return the frame of each key, or of the nearest one before it, or of the first that there is."""
    filled = [frames.get(key.number) for key in keys]
    last = next(frame for frame in filled if frame is not None)
    return [last := last if frame is None else frame for frame in filled]
