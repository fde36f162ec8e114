"""A decoded frame -> bytes of the size that a clip wants. The one scaler that videos and stills both go through."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from videoxception.clip import Fit, ResizeCrop, Stretch
from videoxception.video.hdr import map_colours, needs_mapping
from videoxception.video.orientation import Orientation, matrix_of, orientation_of

Frame = npt.NDArray[np.uint8]
"""One frame, (H, W, 3), RGB."""

Facts = tuple[tuple[int, int], tuple[str, ...]]
"""(width, height) as shown, before scaling, and those of clip.WARNINGS that say what is done to show a frame."""

# AVCOL_SPC_RGB, AVCOL_SPC_UNSPECIFIED and AVCOL_SPC_RESERVED: values of VideoFrame.colorspace that name no matrix.
_NO_MATRIX = {0, 2, 3}
_LINES_OF_HD = 720  # from these on, players take a video that names no matrix for BT.709


@dataclass(frozen=True, slots=True)
class Shown:
    """A decoded frame and how it is shown."""

    frame: VideoFrame
    orientation: Orientation

    @property
    def facts(self) -> Facts:
        """The frame's size and warnings."""
        colours = ("hdr",) if needs_mapping(self.frame) else ()
        return self.orientation.size(self.frame.width, self.frame.height), (*self.orientation.warnings, *colours)


class Scaler:
    """Scales frames to `size` (height, width), 8-bit RGB: swscale, bicubic, on the calling thread alone.

    One reformatter serves all frames: FFmpeg 8 keeps some 15 MB a context, and PyAV makes a context a reformatter.
    """

    def __init__(self, size: tuple[int, int], fit: Fit) -> None:
        self._size = size
        self._fit = fit
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame, orientation: Orientation | None = None) -> Frame:
        """Turn a decoded frame as it is shown (unsaid: as its own metadata asks), and scale it to uint8 (H, W, 3)."""
        upright = turn(frame, orientation_of(matrix_of(frame)) if orientation is None else orientation)
        if needs_mapping(frame):
            return self._cut(map_colours(self._deep(upright, frame).astype(np.uint16, copy=False), frame))
        scaled = self._scale(upright, frame, "rgb24", Interpolation.BICUBIC)
        return self._cut(scaled.astype(np.uint8, copy=False))

    def _deep(self, upright: VideoFrame, frame: VideoFrame) -> npt.NDArray[Any]:
        """Scale to 16 bits a sample: to planes, which cost swscale less.

        What is not scaled has its colour samples repeated, as swscale does by itself for 8 bits, but not for 16.
        """
        if (upright.height, upright.width) == self._scaled_size(upright):
            return self._scale(upright, frame, "rgb48le", Interpolation.POINT | Interpolation.ACCURATE_RND)
        return self._scale(upright, frame, "gbrp16le", Interpolation.BICUBIC)

    def _scale(
        self, upright: VideoFrame, frame: VideoFrame, pixel_format: str, interpolation: Interpolation
    ) -> npt.NDArray[Any]:
        height, width = self._scaled_size(upright)
        scaled = self._reformatter.reformat(
            upright,
            width,
            height,
            pixel_format,
            src_colorspace=_matrix(frame),
            src_color_range=_range(frame),
            interpolation=interpolation,
            threads=1,
        )
        return scaled.to_ndarray()

    def _scaled_size(self, frame: VideoFrame) -> tuple[int, int]:
        if isinstance(self._fit, Stretch):
            return self._size
        if isinstance(self._fit, ResizeCrop):
            return self._fit.height, self._fit.width
        short = min(frame.height, frame.width)
        return round(frame.height * self._fit.short_side / short), round(frame.width * self._fit.short_side / short)

    def _cut(self, rgb: Frame) -> Frame:
        height, width = self._size
        top, left = (rgb.shape[0] - height) // 2, (rgb.shape[1] - width) // 2
        return rgb[top : top + height, left : left + width]


def _matrix(frame: VideoFrame) -> Colorspace | None:
    """Return the matrix for a frame that names none; None keeps what the frame says."""
    if frame.colorspace not in _NO_MATRIX:
        return None
    if needs_mapping(frame):
        return Colorspace.BT2020
    return Colorspace.ITU709 if frame.height >= _LINES_OF_HD else Colorspace.ITU601


def _range(frame: VideoFrame) -> ColorRange | None:
    """Return limited range for YUV that names none; None keeps what the frame or its format (RGB, yuvj420p) says."""
    unsaid = frame.color_range == ColorRange.UNSPECIFIED
    return ColorRange.MPEG if unsaid and frame.format.name.startswith("yuv") and "j" not in frame.format.name else None


def turn(frame: VideoFrame, orientation: Orientation) -> VideoFrame:
    """Return the frame as it is shown, every sample as it was."""
    if not orientation.filters:
        return frame
    graph = Graph()
    last = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1))
    for name, arguments in orientation.filters:
        node = graph.add(name, arguments)
        last.link_to(node)
        last = node
    last.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    turned = graph.pull()
    assert isinstance(turned, VideoFrame)
    return turned
