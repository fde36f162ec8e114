import pytest
import torch

from training.config.schema import Config
from training.errors import TrainingError
from training.kernels.dispatch import passes_for
from training.kernels.passes import FUSED
from videoxception.nets.planar import PLAIN


def test_kernels_are_used_when_asked_for_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    assert passes_for(False, torch.device("cuda")) is PLAIN
    assert passes_for(False, torch.device("cpu")) is PLAIN
    assert passes_for(True, torch.device("cuda")) is FUSED


def test_an_old_card_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    with pytest.raises(TrainingError, match=r"compute capability 8\.0 or newer"):
        passes_for(True, torch.device("cuda"))


def test_asking_for_them_elsewhere_is_an_error() -> None:
    with pytest.raises(TrainingError, match="--fused is for GPUs, and this run is on cpu"):
        passes_for(True, torch.device("cpu"))


def test_fused_and_compile_do_not_go_together() -> None:
    with pytest.raises(TrainingError, match="--fused and --compile"):
        Config(fused=True, compile=True)
