import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from videoxception.clip import Clip, ClipSpec, Crop
from videoxception.video.jpeg import encode_jpegs

SPEC = ClipSpec(frames=2, size=(64, 64))


def clip_of(frame: npt.NDArray[np.uint8], width: int, height: int) -> Clip:
    return Clip(np.stack([frame, 255 - frame]), 1.0, width, height, "h264", (0.0, 0.5))


def read(jpeg: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


@pytest.fixture
def halves() -> npt.NDArray[np.uint8]:
    """A frame that is red on the left, and blue, but for a white corner, on the right: (64, 64, 3)."""
    frame = np.zeros((64, 64, 3), np.uint8)
    frame[:, :32, 0] = frame[:, 32:, 2] = 255
    frame[:32, 32:] = 255
    return frame


def test_colours_and_places_are_those_of_the_frames(halves: npt.NDArray[np.uint8]) -> None:
    """By another reader than the one that wrote them; edges are left out, where chroma is shared."""
    first, second = map(read, encode_jpegs(clip_of(halves, 10, 10), SPEC))
    for jpeg, frame in ((first, halves), (second, 255 - halves)):
        differences = np.abs(jpeg.astype(int) - frame)
        assert differences[4:-4, 4:28].max() < 12
        assert differences[36:-4, 36:-4].max() < 12
        assert differences[4:28, 36:-4].max() < 12


@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [(320, 240, (64, 86)), (1080, 1920, (114, 64)), (5000, 10, (64, 192)), (64, 64, (64, 64))],
)
def test_they_have_the_proportions_of_the_video(
    width: int, height: int, shown: tuple[int, int], halves: npt.NDArray[np.uint8]
) -> None:
    assert read(encode_jpegs(clip_of(halves, width, height), SPEC)[0]).shape == (*shown, 3)


def test_what_was_cut_out_of_the_video_stays_as_it_is(halves: npt.NDArray[np.uint8]) -> None:
    cropped = SPEC.model_copy(update={"fit": Crop(short_side=64)})
    assert read(encode_jpegs(clip_of(halves, 320, 240), cropped)[0]).shape == (64, 64, 3)
