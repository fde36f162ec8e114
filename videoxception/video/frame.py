"""A decoded frame -> bytes of the size that a clip wants. The one scaler that videos and stills both go through."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from videoxception.clip import Crop, Stretch

Frame = npt.NDArray[np.uint8]
"""One frame, (H, W, 3), RGB."""

# AVCOL_SPC_RGB, AVCOL_SPC_UNSPECIFIED and AVCOL_SPC_RESERVED: values of VideoFrame.colorspace that name no matrix.
_NO_MATRIX = {0, 2, 3}
# Clockwise quarter turns -> the filters that make them. FFmpeg's own autorotation uses the same.
_TURNS = {1: (("transpose", "clock"),), 2: (("hflip", ""), ("vflip", "")), 3: (("transpose", "cclock"),)}


def quarter_turns(rotation: int) -> int:
    """Return how many clockwise quarter turns set a frame upright, from the degrees that its display matrix gives.

    FFmpeg counts degrees against the clock. Angles that are no quarter turns (only broken files have them) count as 0.
    """
    return (-rotation // 90) % 4 if rotation % 90 == 0 else 0


class Scaler:
    """Scales frames to `size` (height, width), 8-bit RGB: swscale, bicubic, on the calling thread alone.

    One reformatter serves all frames: FFmpeg 8 keeps some 15 MB a context, and PyAV makes a context a reformatter.
    """

    def __init__(self, size: tuple[int, int], fit: Stretch | Crop) -> None:
        self._size = size
        self._fit = fit
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> Frame:
        """Apply the rotation that a decoded frame's metadata asks for, and scale it to uint8 (height, width, 3)."""
        upright = turn(frame, quarter_turns(frame.rotation))
        height, width = self._scaled_size(upright)
        scaled = self._reformatter.reformat(
            upright,
            width,
            height,
            "rgb24",
            src_colorspace=Colorspace.ITU601 if frame.colorspace in _NO_MATRIX else None,
            src_color_range=_range(frame),
            interpolation=Interpolation.BICUBIC,
            threads=1,
        )
        return self._cut(scaled.to_ndarray().astype(np.uint8, copy=False))

    def _scaled_size(self, frame: VideoFrame) -> tuple[int, int]:
        if isinstance(self._fit, Stretch):
            return self._size
        short = min(frame.height, frame.width)
        return round(frame.height * self._fit.short_side / short), round(frame.width * self._fit.short_side / short)

    def _cut(self, rgb: Frame) -> Frame:
        height, width = self._size
        top, left = (rgb.shape[0] - height) // 2, (rgb.shape[1] - width) // 2
        return rgb[top : top + height, left : left + width]


def _range(frame: VideoFrame) -> ColorRange | None:
    """Return limited range for YUV that names none; None keeps what the frame or its format (RGB, yuvj420p) says."""
    unsaid = frame.color_range == ColorRange.UNSPECIFIED
    return ColorRange.MPEG if unsaid and frame.format.name.startswith("yuv") and "j" not in frame.format.name else None


def turn(frame: VideoFrame, turns: int) -> VideoFrame:
    """Return the frame after so many clockwise quarter turns, every sample as it was."""
    if turns == 0:
        return frame
    graph = Graph()
    last = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1))
    for name, arguments in _TURNS[turns]:
        node = graph.add(name, arguments)
        last.link_to(node)
        last = node
    last.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    turned = graph.pull()
    assert isinstance(turned, VideoFrame)
    return turned
