"""Frames -> a small video file, for demonstrations and tests; nothing that a service needs."""

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt


def encode(path: Path, frames: Iterable[npt.NDArray[np.uint8]], size: tuple[int, int], rate: int) -> None:
    """Write frames uint8 (H, W, 3), RGB, all of `size` (height, width), both even, as MPEG-4 at `rate` a second."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=rate)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        for frame in frames:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        output.mux(stream.encode(None))
