"""Decoding along a plan: only the packets that the wanted frames need, by jumping over the others."""

from collections.abc import Iterable

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.video.frame import Facts, Frame, Scaler, Shown
from videoxception.video.orientation import Orienter
from videoxception.video.packets import Deadline
from videoxception.video.passes import Found, check_memory, end_of, united
from videoxception.video.plan import SKIP, WANTED


def planned_pass(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]",
    stream: VideoStream,
    plan: bytearray,
    wanted: list[int],
    scaler: Scaler,
    orienter: Orienter,
    deadline: Deadline,
) -> Found | None:
    """Decode those packets that `plan` names; their times are numbers of frames.

    Return None if a wanted frame is missing or in doubt.
    """
    missing = set(wanted)
    frames: dict[int, Frame] = {}
    facts: list[Facts] = []
    decoded, last, context = 0, -1, stream.codec_context
    try:
        for frame in _frames_of_plan(packets, stream, plan, deadline):
            decoded += 1
            if frame.is_corrupt or frame.pts is None or frame.pts <= last:
                return None  # damage, or times that do not say which frame is which
            last = frame.pts
            if frame.pts in missing:
                shown = Shown(frame, orienter(frame, frame.pts))
                facts.append(shown.facts)
                frames[frame.pts] = scaler(frame, shown.orientation)
    except av.FFmpegError as error:
        check_memory(error, stream)
        return None
    except _NoKeyFrame:
        return None
    finally:
        context.skip_frame = "DEFAULT"
    if len(frames) < len(missing):
        return None
    chosen = [frames[k] for k in wanted]
    return Found(chosen, wanted, *united(facts), damaged=False, planned=True, decoded=decoded)


def _frames_of_plan(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream, plan: bytearray, deadline: Deadline
) -> "Iterable[VideoFrame]":
    """Yield the frames that the decoder puts out. Raise `_NoKeyFrame`, or `av.FFmpegError` at the first error."""
    context, last, starting = stream.codec_context, -1, True
    for index, packet in packets:
        if plan[index] == SKIP:
            continue
        deadline.check()
        if 0 <= last < index - 1:  # a jump, always to a key packet: the decoder gives what it holds and starts anew
            yield from end_of(stream).decode()
            context.flush_buffers()
            starting = True
        context.skip_frame = "DEFAULT" if plan[index] == WANTED else "NONREF"
        for frame in packet.decode():
            if starting and not frame.key_frame:
                raise _NoKeyFrame
            starting = False
            yield frame
        last = index
    yield from end_of(stream).decode()


class _NoKeyFrame(Exception):
    """A packet is marked as a key frame, but is none: what follows may look like anything."""
