from pathlib import Path

import pytest
import torch

from training.errors import TrainingError
from training.model.weight_files import read_state_dict


@pytest.mark.parametrize("content", [b"", b"weights", b"\x80\x04}."])
def test_a_file_of_something_else_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.pth").write_bytes(content)
    with pytest.raises(TrainingError, match=r"other\.pth holds no weights"):
        read_state_dict(tmp_path / "other.pth")


def test_wrappers_add_nothing_to_names(tmp_path: Path) -> None:
    saved = {"module._orig_mod.stem.weight": torch.ones(2), "head.module.bias": torch.zeros(1)}
    torch.save({"state_dict": saved}, tmp_path / "weights.pth")
    assert list(read_state_dict(tmp_path / "weights.pth")) == ["stem.weight", "head.module.bias"]


@pytest.mark.parametrize("saved", [{"epoch": 3}, {0: torch.zeros(1)}, {}, [torch.zeros(1)]])
def test_a_file_without_named_tensors_is_refused(saved: object, tmp_path: Path) -> None:
    torch.save(saved, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match=r"other\.pth holds no weights by their names"):
        read_state_dict(tmp_path / "other.pth")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"missing\.pth: No such file"):
        read_state_dict(tmp_path / "missing.pth")
