"""Opening an upload's container: only containers and codecs of the allow-lists, and nothing over the limits."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from videoxception.video.errors import NotAVideo, TooLarge, TooLong, TooManyPixels, Undecodable
from videoxception.video.limits import CODECS, CONTAINERS, Limits
from videoxception.video.packets import Deadline
from videoxception.video.streams import candidates, first_video, needs_trial, ranked, still_error

TAKEN = "send mp4, mov, mkv, webm, avi, mpeg, ts, flv, wmv, ogg, gif, or a raw mpeg4, h264 or hevc stream"
# The first bytes of Matroska, FLV, Ogg, GIF and ASF files.
_SIGNATURES = (b"\x1a\x45\xdf\xa3", b"FLV", b"OggS", b"GIF8", b"\x30\x26\xb2\x75")


@contextmanager
def open_video(
    file: BinaryIO, limits: Limits, deadline: Deadline | None = None, index: int | None = None
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video; yield its container and the stream to decode, single-threaded. `file` is read from its start.

    The stream is that of the `index`, or else chosen: if there are several, they are tried before the `deadline`.
    Raise `NotAVideo`, `Undecodable`, `TooLarge`, `TooManyPixels` or, past the deadline, `TooLong`.
    """
    size = os.fstat(file.fileno()).st_size
    if size > limits.bytes:
        raise TooLarge(f"the file has {size:,} bytes, over the limit of {limits.bytes:,}")
    with _open(file, limits) as container:
        streams = candidates(container, limits)
        if index is None and not needs_trial(container, streams):
            index = streams[0].index
        if index is not None:
            yield container, _prepared(container, index, limits)
            return
        order, still = ranked(streams), still_error(container)
    with _choose(file, limits, order, still, deadline) as opened:
        yield opened


@contextmanager
def _choose(
    file: BinaryIO, limits: Limits, order: list[int], still: NotAVideo | None, deadline: Deadline | None
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the first of the streams that is a video. One opening at a time: they share the place in the file."""

    @contextmanager
    def opened(index: int) -> Iterator[tuple[InputContainer, VideoStream]]:
        with _open(file, limits) as container:
            yield container, _prepared(container, index, limits)

    index = first_video(order, opened, deadline or Deadline(limits, lambda: False), still)
    with opened(index) as chosen:
        yield chosen


def _prepared(container: InputContainer, index: int, limits: Limits) -> VideoStream:
    """Return a stream that is ready to be decoded. Raise what `open_video` does if its header is not allowed."""
    stream = container.streams.video[[stream.index for stream in container.streams.video].index(index)]
    _check_header(container, stream, limits)
    # The container's options reach only FFmpeg's probing; the decoder that is used has options of its own.
    stream.codec_context.options = {"max_pixels": str(limits.pixels), "codec_whitelist": ",".join(CODECS)}
    stream.codec_context.thread_count = 1
    return stream


def _open(file: BinaryIO, limits: Limits) -> InputContainer:
    """Have FFmpeg read the header. Raise `Undecodable` if it is damaged, `NotAVideo` if it is of another kind."""
    # FFmpeg is handed the open file, and nothing else: it learns no name, and can open no other file or address.
    options = {
        "fd": str(file.fileno()),
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(CONTAINERS),
        "codec_whitelist": ",".join(CODECS),
        "max_pixels": str(limits.pixels),
        "max_streams": str(limits.streams),
        "enable_drefs": "0",
        "use_absolute_path": "0",
    }
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    try:
        return av.open("fd:", options=options, metadata_errors="replace")  # metadata may be in any encoding
    except MemoryError:  # not the file's fault: FFmpeg's error is of both kinds
        raise
    except av.FFmpegError as error:
        if _begins_like_a_video(os.pread(file.fileno(), 16, 0)):
            raise Undecodable("the file begins like a video, but its header is damaged or incomplete") from error
        raise NotAVideo(f"the file is not a video of a kind that is taken; {TAKEN}") from error


def _begins_like_a_video(start: bytes) -> bool:
    return start[4:8] in (b"ftyp", b"moov") or start.startswith(_SIGNATURES) or start[8:12] == b"AVI "


def _check_header(container: InputContainer, stream: VideoStream, limits: Limits) -> None:
    """Raise `NotAVideo` or `TooManyPixels` if what the header says is not allowed.

    What it says of the length is not asked: a part of a stream, a live recording and a file written to a pipe say
    anything. The packets tell.
    """
    codec = stream.codec_context.name if stream.codec_context is not None else "unknown"
    if codec not in CODECS:
        raise NotAVideo(f"the video's codec, {codec}, is not one that is taken")
    check_pixels(stream.codec_context.width, stream.codec_context.height, limits)


def check_pixels(width: int, height: int, limits: Limits) -> None:
    """Raise `TooManyPixels` if a frame of this size is over the limit."""
    if width * height > limits.pixels:
        raise TooManyPixels(
            f"frames of {width}x{height} pixels are over the limit of {limits.pixels:,}; send smaller ones"
        )


def check_duration(seconds: float, limits: Limits) -> None:
    """Raise `TooLong` if a video of this length is over the limit."""
    if seconds > limits.duration:
        raise TooLong(
            f"the video is {seconds:.0f} seconds long, over the limit of {limits.duration:.0f}; send a part of it"
        )
