"""Pictures -> a small video file, for demonstrations and tests; nothing that a service needs."""

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt


def encode(path: Path, pictures: Iterable[npt.NDArray[np.uint8]], rate: int) -> None:
    """Writes pictures uint8 (H, W, 3), RGB, of even height and width, as MPEG-4 at `rate` a second."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        for picture in pictures:
            stream.height, stream.width = picture.shape[:2]
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
