from pathlib import Path

import pytest
import torch

from training.errors import TrainingError
from training.model.weight_files import read_state_dict


@pytest.mark.parametrize("content", [b"", b"weights", b"\x80\x04}."])
def test_a_file_of_something_else_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.pth").write_bytes(content)
    with pytest.raises(TrainingError, match=r"other\.pth holds no weights"):
        read_state_dict(tmp_path / "other.pth")


def test_a_file_of_numbers_is_told(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match=r"other\.pth holds no weights by their names"):
        read_state_dict(tmp_path / "other.pth")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"missing\.pth: No such file"):
        read_state_dict(tmp_path / "missing.pth")
