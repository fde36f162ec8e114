"""Decoding along a plan: only the packets that the wanted frames need, by jumping over the others."""

from collections import deque
from collections.abc import Iterable, Iterator

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from videoxception.video.frame import Scaler, Shown
from videoxception.video.orientation import Orienter
from videoxception.video.packets import Deadline
from videoxception.video.passes import PassFailed, Picked, Tally, check_memory, end_of
from videoxception.video.plan import SKIP, WANTED


def planned_pass(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]",
    stream: VideoStream,
    plan: bytearray,
    wanted: list[int],
    scaler: Scaler,
    orienter: Orienter,
    deadline: Deadline,
    tally: Tally,
) -> Iterator[Picked]:
    """Decode those packets that `plan` names, whose times are numbers of frames; yield the wanted ones.

    Raise `PassFailed` if a wanted frame is missing or in doubt.
    """
    coming = deque(wanted)
    tally.planned = True
    try:
        for number, frame in _numbered(_frames_of_plan(packets, stream, plan, deadline)):
            tally.decoded += 1
            if coming and number == coming[0]:
                coming.popleft()
                shown = Shown(frame, orienter(frame, number))
                yield Picked(number, number, scaler(frame, shown.orientation), shown.facts)
            elif coming and number > coming[0]:
                raise PassFailed
    except av.FFmpegError as error:
        check_memory(error, stream)
        raise PassFailed from error
    finally:
        stream.codec_context.skip_frame = "DEFAULT"
    if coming:
        raise PassFailed


def _numbered(frames: Iterable[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
    """Yield frames with their numbers, which rise. Raise `PassFailed` at damage or at a number that says nothing."""
    last = -1
    for frame in frames:
        if frame.is_corrupt or frame.pts is None or frame.pts <= last:
            raise PassFailed
        last = frame.pts
        yield last, frame


def _frames_of_plan(
    packets: "Iterable[tuple[int, Packet[VideoStream]]]", stream: VideoStream, plan: bytearray, deadline: Deadline
) -> Iterator[VideoFrame]:
    """Yield the frames that the decoder puts out, up to the first error (`av.FFmpegError`).

    Raise `PassFailed` if a packet is marked as a key frame, but is none: what follows may look like anything.
    """
    context, starting, doing = stream.codec_context, True, SKIP
    for index, packet in packets:
        if plan[index] == SKIP:
            continue
        deadline.check()
        if plan[index] != doing:
            doing = plan[index]
            context.skip_frame = "DEFAULT" if doing == WANTED else "NONREF"
        for frame in packet.decode():
            if starting and not frame.key_frame:
                raise PassFailed
            starting = False
            yield frame
        if plan[index + 1 : index + 2] == bytes([SKIP]):  # a jump comes: always to a key packet
            yield from end_of(stream).decode()  # what the decoder holds; a seek would have it forget that
            context.flush_buffers()
            starting = True
    yield from end_of(stream).decode()
