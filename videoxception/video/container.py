"""Opening an upload's container: only containers and codecs of the allow-lists, and nothing over the limits."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from videoxception.video.errors import NotAVideo, TooLarge, TooLong, TooManyPixels, Undecodable
from videoxception.video.limits import CODECS, CONTAINERS, STILL_BRANDS, Limits

TAKEN = "send mp4, mov, mkv, webm, avi, mpeg, ts, flv, wmv, ogg, gif, or a raw mpeg4, h264 or hevc stream"
# The first bytes of Matroska, FLV, Ogg, GIF and ASF files.
_SIGNATURES = (b"\x1a\x45\xdf\xa3", b"FLV", b"OggS", b"GIF8", b"\x30\x26\xb2\x75")


@contextmanager
def open_video(file: BinaryIO, limits: Limits) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video; yield its container and the stream to decode, single-threaded. `file` is read from its start.

    Raise `NotAVideo`, `Undecodable`, `TooLarge`, `TooManyPixels` or `TooLong`.
    """
    size = os.fstat(file.fileno()).st_size
    if size > limits.bytes:
        raise TooLarge(f"the file has {size:,} bytes, over the limit of {limits.bytes:,}")
    with _open(file, limits) as container:
        stream = _pick_stream(container, limits)
        _check_header(container, stream, limits)
        # The container's options reach only FFmpeg's probing; the decoder that is used has options of its own.
        stream.codec_context.options = {"max_pixels": str(limits.pixels), "codec_whitelist": ",".join(CODECS)}
        stream.codec_context.thread_count = 1
        yield container, stream


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


def _pick_stream(container: InputContainer, limits: Limits) -> VideoStream:
    """Return the first video stream that is no cover or thumbnail. Raise `NotAVideo` if there is none."""
    if len(container.streams) > limits.streams:
        raise NotAVideo(f"the file has {len(container.streams)} streams, over the limit of {limits.streams}")
    brand = container.metadata.get("major_brand", "").strip()
    if brand in STILL_BRANDS:
        raise NotAVideo(f"the file is a still frame ({brand}), not a video")
    frames = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    streams = [s for s in container.streams.video if not s.disposition & frames]
    if not streams:
        raise NotAVideo("the file has no video stream")
    return streams[0]


def _check_header(container: InputContainer, stream: VideoStream, limits: Limits) -> None:
    """Raise `NotAVideo`, `TooManyPixels` or `TooLong` if what the header says is not allowed."""
    codec = stream.codec_context.name if stream.codec_context is not None else "unknown"
    if codec not in CODECS:
        raise NotAVideo(f"the video's codec, {codec}, is not one that is taken")
    check_pixels(stream.codec_context.width, stream.codec_context.height, limits)
    if stream.duration is not None and stream.time_base is not None:
        check_duration(float(stream.duration * stream.time_base), limits)


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
