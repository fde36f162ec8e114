"""The frames of a clip -> small JPEGs, for people to look at."""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from videoxception.clip import Clip, ClipSpec, Crop, Frames

_QUALITY = 4  # FFmpeg's scale from 2, the best, to 31
_WIDEST = 3  # times the other side; what is longer is shown squeezed


def encode_jpegs(clip: Clip, spec: ClipSpec) -> list[bytes]:
    """Return a JPEG of each frame of a clip, in the proportions that the video has.

    Its shorter side is that of the model's input: what was stretched to it is drawn out again.
    """
    return list(_encode(clip.frames, *_size_shown(clip, spec)))


def _size_shown(clip: Clip, spec: ClipSpec) -> tuple[int, int]:
    """Return the height and width, both even, to show the frames of a clip at."""
    height, width = spec.size
    shape = width / height if isinstance(spec.fit, Crop) else clip.width / clip.height
    shape = min(max(shape, 1 / _WIDEST), _WIDEST)
    short = min(height, width)
    return _even(short * max(1, 1 / shape)), _even(short * max(1, shape))


def _even(length: float) -> int:
    return 2 * round(length / 2)


def _encode(frames: Frames, height: int, width: int) -> Iterator[bytes]:
    """Yield a JPEG of each of frames (F, H, W, 3) at a size."""
    reformatter, encoder = VideoReformatter(), _encoder(height, width)
    for frame in frames:
        scaled = reformatter.reformat(
            av.VideoFrame.from_ndarray(frame, format="rgb24"),
            width,
            height,
            "yuv420p",
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BICUBIC,
            threads=1,
        )
        yield b"".join(bytes(packet) for packet in encoder.encode(scaled))


def _encoder(height: int, width: int) -> av.VideoCodecContext:
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.height, encoder.width, encoder.pix_fmt = height, width, "yuv420p"
    encoder.color_range = ColorRange.JPEG
    encoder.time_base = Fraction(1, 25)  # it must have one, and JPEGs say nothing of it
    encoder.thread_count = 1  # with more, frames come later than they are given
    encoder.qmin = encoder.qmax = _QUALITY
    return encoder
