from argparse import ArgumentTypeError
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torchvision.io import write_jpeg

from training.data.center_crop import parse_shape, read_cropped
from training.errors import TrainingError
from videoxception.clip import ClipSpec, ResizeCrop
from videoxception.video.still import largest_part, read_still, still_clip


@pytest.mark.parametrize(
    ("shape", "expected"), [((9, 16), (240, 135)), ((16, 9), (180, 320)), ((4, 3), (240, 320)), ((1, 1), (240, 240))]
)
def test_the_largest_part_of_a_shape(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert largest_part(240, 320, Fraction(*shape)) == expected


def test_the_middle_is_kept(tmp_path: Path) -> None:
    frame = torch.zeros(3, 64, 96, dtype=torch.uint8)
    frame[:, :, 32:64] = 200
    path = tmp_path / "still.jpg"
    write_jpeg(frame, str(path), quality=95)
    assert read_still(path, ClipSpec(size=(64, 32))).mean() < 100
    found = read_cropped(path, ClipSpec(), Fraction(1, 2))
    assert found.shape == ClipSpec().shape
    assert found.mean() == pytest.approx(200, abs=5)


def test_a_still_is_fitted_as_a_videos_frames_are(tmp_path: Path) -> None:
    """Red in the middle half of the width: cut out of the stretched frame, in the order that the clip asks for."""
    frame = torch.zeros(3, 60, 120, dtype=torch.uint8)
    frame[0, :, 30:90] = 200
    path = tmp_path / "still.jpg"
    write_jpeg(frame, str(path), quality=95)
    spec = ClipSpec(frames=2, size=(32, 32), fit=ResizeCrop(height=32, width=64), channels="BGR")
    found = still_clip(path, spec)
    assert found.shape == (2, 32, 32, 3)
    assert found[..., 2].mean() > 180
    assert found[..., 0].mean() < 20


def test_a_still_of_the_shape_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    frame = torch.randint(0, 256, (3, 48, 64), dtype=torch.uint8)
    write_jpeg(frame, str(path.with_suffix(".jpg")), quality=95)
    spec = ClipSpec(size=(48, 64))
    cropped, whole = (read_still(path.with_suffix(".jpg"), spec, shape) for shape in (Fraction(4, 3), None))
    assert abs(cropped.astype(int) - whole).max() <= 4  # colours are converted before scaling, not in one go


def test_videos_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"--center-crop is for stills, and .*clip.mp4 is a video"):
        read_cropped(tmp_path / "clip.mp4", ClipSpec(), Fraction(1))


@pytest.mark.parametrize("text", ["9", "9:0", "a:b", "-1:2"])
def test_what_is_no_shape(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no shape; write W:H, such as 9:16"):
        parse_shape(text)
    assert parse_shape("9:16") == Fraction(9, 16)
