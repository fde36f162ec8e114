"""Which of a file's video streams is decoded, as FFmpeg chooses: the default one, or else the largest.

Covers, stills, empty streams and those that cannot be decoded are no videos, and are passed over.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from itertools import chain

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from videoxception.video.errors import NotAVideo, TooManyPixels
from videoxception.video.limits import CODECS, STILL_BRANDS, Limits
from videoxception.video.packets import Deadline, payload
from videoxception.video.passes import check_memory, end_of

# Brands of image files that hold a sequence as well: AVIF and HEIF that move.
_SEQUENCE_BRANDS = frozenset({"avis", "msf1", "hevc", "hevx", "hevm", "hevs"})
_NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image | Disposition.dependent

_PATIENCE = 64  # packets that give nothing; decoders hold back far fewer, and broadcasts begin within a group of frames

Opened = Callable[[int], AbstractContextManager[tuple[InputContainer, VideoStream]]]
"""Opens the file anew, with the stream of an index ready to be decoded; raises a `VideoError` if it is not taken."""


def candidates(container: InputContainer, limits: Limits) -> list[VideoStream]:
    """Return the video streams that may be one to decode, in the file's order. Raise `NotAVideo` if there is none."""
    if len(container.streams) > limits.streams:
        raise NotAVideo(f"the file has {len(container.streams)} streams, over the limit of {limits.streams}")
    still = still_error(container)
    if still is not None and not _may_move(container):
        raise still
    streams = [stream for stream in container.streams.video if not stream.disposition & _NO_VIDEO]
    if not streams:
        raise NotAVideo("the file has no video stream")
    return streams


def needs_trial(container: InputContainer, streams: list[VideoStream]) -> bool:
    """Return whether only decoding tells which of the streams is a video."""
    return len(streams) > 1 or still_error(container) is not None


def ranked(streams: list[VideoStream]) -> list[int]:
    """Return the indices of the streams whose codec is taken, in FFmpeg's order of choice; if none is, the first's."""
    taken = [s for s in streams if s.codec_context is not None and s.codec_context.name in CODECS]
    return [stream.index for stream in sorted(taken, key=_rank)] or [streams[0].index]


def _rank(stream: VideoStream) -> tuple[bool, int]:
    context = stream.codec_context
    return not stream.disposition & Disposition.default, -context.width * context.height


def first_video(indices: list[int], opened: Opened, deadline: Deadline, still: NotAVideo | None) -> int:
    """Return the first of the streams that gives two frames; else the first that gives one, or is there at all.

    In a file that is a `still` unless it moves, there must be two: its error is raised otherwise.
    """
    stills = []
    for index in indices:
        frames = _frames(index, opened, deadline)
        if frames > 1:
            return index
        stills += [index] * frames
    if still is not None:
        raise still
    return (stills or indices)[0]


def _frames(index: int, opened: Opened, deadline: Deadline) -> int:
    """Return how many frames come out of a stream, as far as two, or until too many packets gave nothing."""
    frames = idle = 0
    with suppress(NotAVideo, TooManyPixels), opened(index) as (container, stream):
        for packet in chain(payload(container, stream, deadline), [end_of(stream)]):
            given = _decoded(packet)
            frames, idle = frames + given, idle + (given == 0)
            if frames > 1 or idle == _PATIENCE:
                break
    return min(frames, 2)


def _decoded(packet: "Packet[VideoStream]") -> int:
    """Return how many frames a packet gives; none if it is damaged."""
    try:
        return len(packet.decode())
    except av.FFmpegError as error:
        check_memory(error, packet.stream)
        return 0


def place_of(container: InputContainer, stream: VideoStream, limits: Limits) -> tuple[int, int]:
    """Return which of the file's video streams this one is, from 1, and how many there are."""
    indices = [candidate.index for candidate in candidates(container, limits)]
    return indices.index(stream.index) + 1, len(indices)


def still_error(container: InputContainer) -> NotAVideo | None:
    """Return the error of a file that says that it is a photo; None if it says something else."""
    brand = container.metadata.get("major_brand", "").strip()
    return NotAVideo(f"the file is a still frame ({brand}), not a video") if brand in STILL_BRANDS else None


def _may_move(container: InputContainer) -> bool:
    brands = container.metadata.get("compatible_brands", "")
    return any(brands[i : i + 4] in _SEQUENCE_BRANDS for i in range(0, len(brands), 4))
