"""Limits on what a file may cost, and the allow-lists of containers and codecs."""

import math
from dataclasses import dataclass, fields

# Names of FFmpeg's demuxers. A file's kind is found from its contents, never from its name.
CONTAINERS = frozenset(
    {
        *("mov", "mp4", "m4a", "3gp", "3g2", "mj2"),
        *("matroska", "webm"),
        *("avi", "mpeg", "mpegts", "flv", "asf", "ogg", "gif"),
        *("m4v", "h264", "hevc"),
    }
)

# Names of FFmpeg's decoders: what phones, cameras, browsers and old collections hold.
CODECS = frozenset(
    {
        *("h264", "hevc", "libdav1d", "av1", "vp8", "vp9", "libvpx", "libvpx-vp9"),
        *("mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4", "mpeg2video", "mpeg1video", "h263", "h263i"),
        *("mjpeg", "mjpegb", "gif", "theora", "flv", "vp6", "vp6f", "wmv1", "wmv2", "wmv3", "vc1"),
        *("prores", "dnxhd", "dvvideo", "ffv1", "huffyuv", "ffvhuff", "rawvideo", "svq3", "cinepak"),
    }
)

# Brands of stills in an mp4 file's first box (HEIF and AVIF photos), which FFmpeg opens as if they were videos.
STILL_BRANDS = frozenset({"avif", "heic", "heix", "heim", "heis", "mif1", "jpeg"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost. The defaults suit uploads from anyone; the error of a file over one of them names it."""

    bytes: int = 512 * 2**20
    pixels: int = 8192 * 4320  # of one frame
    streams: int = 64
    duration: float = 1200.0  # seconds of video
    packets: int = 72_000  # 20 minutes at 60 frames a second
    decoding: float = 60.0  # seconds of work
    work: float = 4e9  # pixels to decode; a core does some 3e8 to 8e8 a second
    key_frames: bool = True  # what is over the limit on work is answered from key frames, not refused
    windows: int = 10_800  # of a long video: three hours, one a second
    memory: int = 64 * 2**20  # bytes of packets that are held; a larger file is read twice

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self) if field.name != "key_frames"):
            if not (getattr(self, name) > 0 and math.isfinite(getattr(self, name))):
                raise ValueError(f"the limit on {name} must be positive and finite, but got {getattr(self, name)!r}")


LONG = Limits(bytes=8 * 2**30, duration=10_800.0, packets=648_000, work=5e11)
"""What a long video may cost whose windows are asked for: three hours at 60 frames a second, two hours of 1080p."""
