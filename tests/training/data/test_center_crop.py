from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torchvision.io import decode_image, write_jpeg

from training.data.center_crop import cut, recrop
from training.errors import TrainingError


@pytest.mark.parametrize(
    ("shape", "expected"), [((9, 16), (240, 135)), ((16, 9), (180, 320)), ((4, 3), (240, 320)), ((1, 1), (240, 240))]
)
def test_the_largest_cut_of_a_shape(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert cut(240, 320, Fraction(*shape)) == expected


def test_the_middle_is_kept_and_so_are_names_and_tables(tmp_path: Path) -> None:
    frame = torch.zeros(3, 64, 96, dtype=torch.uint8)
    frame[:, :, 32:64] = 200
    (tmp_path / "from" / "Punch").mkdir(parents=True)
    write_jpeg(frame, str(tmp_path / "from/Punch/v_Punch_g01_c01.jpg"))
    (tmp_path / "from/FOLDS.tsv").write_text("a table")
    assert recrop(tmp_path / "from", tmp_path / "to", Fraction(1, 2)) == 1
    found = decode_image(str(tmp_path / "to/Punch/v_Punch_g01_c01.jpg"))
    assert found.shape == (3, 64, 32)
    assert found.float().mean() == pytest.approx(200, abs=5)
    assert (tmp_path / "to/FOLDS.tsv").read_text() == "a table"


def test_no_frames_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no class folders with frames"):
        recrop(tmp_path, tmp_path / "to", Fraction(1))
