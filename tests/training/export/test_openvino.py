"""The exported graph in f32, with constants that bf16 holds exactly in 16 bits."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from torch import Tensor, nn

from training.export.openvino import export_graph
from videoxception.clip import ClipSpec

SPEC = ClipSpec(frames=2, size=(8, 8))


class Tiny(nn.Module):
    """Pixels -> 32 numbers -> 5 logits."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.head = nn.Linear(2 * 8 * 8 * 3, 32), nn.Linear(32, 5)

    def forward(self, frames: Tensor) -> Tensor:
        return self.head(torch.relu(self.hidden(frames.flatten(1).float() / 255)))


@pytest.fixture
def net() -> Tiny:
    torch.manual_seed(0)
    return Tiny().eval()


def settle(layer: nn.Linear) -> None:
    with torch.no_grad():
        layer.weight.copy_(layer.weight.bfloat16().float())


def answers(net: nn.Module, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Logits of the network, and of the graph exported to `path` and read again."""
    export_graph(net, SPEC, path)
    clips = np.random.default_rng(0).integers(0, 256, (3, *SPEC.shape), np.uint8)
    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    found = ov.compile_model(ov.Core().read_model(path), "CPU", hint)([clips])[0]
    with torch.inference_mode():
        return net(torch.from_numpy(clips)).numpy(), found


def size(path: Path) -> int:
    return path.with_suffix(".bin").stat().st_size


def test_settled_weights_take_half_the_room_and_answers_are_the_same(net: Tiny, tmp_path: Path) -> None:
    before = answers(net, tmp_path / "before.xml")
    settle(net.hidden)
    expected, found = answers(net, tmp_path / "after.xml")
    assert size(tmp_path / "before.xml") - size(tmp_path / "after.xml") == 2 * net.hidden.weight.numel()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(before[1], before[0], atol=1e-5)


def test_the_graph_multiplies_by_the_very_same_numbers(net: Tiny, tmp_path: Path) -> None:
    settle(net.hidden)
    export_graph(net, SPEC, tmp_path / "graph.xml")
    held = [
        node.data.view(np.uint16)
        for node in ov.Core().read_model(tmp_path / "graph.xml").get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type() == ov.Type.bf16
    ]
    (bits,) = held  # the head's weights are not settled
    values = (bits.astype(np.uint32) << 16).view(np.float32)
    assert np.array_equal(values, net.hidden.weight.detach().numpy())
