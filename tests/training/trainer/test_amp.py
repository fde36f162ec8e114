import pytest
import torch

from tests.videoxception.nets.small import small_net
from training.trainer.amp import autocast


@pytest.mark.parametrize(
    ("name", "in_bf16"),
    [("videoxception-a", True), ("videoxception-c", True), ("r3d_18", False), ("i3d", False), ("vivit_tiny", False)],
)
def test_a_cpu_made_for_bf16_is_not_trusted_with_convolutions_over_volumes(
    name: str, in_bf16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    with autocast(torch.device("cpu"), small_net(name)):
        assert torch.is_autocast_enabled("cpu") == in_bf16


def test_other_cpus_compute_in_f32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    with autocast(torch.device("cpu"), small_net("videoxception-a")):
        assert not torch.is_autocast_enabled("cpu")
