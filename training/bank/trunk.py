"""The frozen stages as a function of views; on a CPU by OpenVINO, where it is installed, which takes half the time."""

from collections.abc import Callable
from copy import deepcopy
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor, nn

from training.bank.store import Halves
from training.config.frozen import ALL_BUT_HEAD
from training.model.frozen import as_lite
from videoxception.engine.cuda_exact import exact_cudnn
from videoxception.nets.efficientnet_lite import EfficientNetLite
from videoxception.nets.frozen_transformer import FrozenTransformer

RunTrunk = Callable[[Tensor], Halves]
"""Views float (V, 3, H, W) in 0..1 -> what the frozen stages give for them, float16 (V, *shape)."""


class Trunk(nn.Module):
    """The first stages of a network: views float (V, 3, H, W) in 0..1 -> (V, C, h, w), or pooled (V, C)."""

    def __init__(self, net: EfficientNetLite, stages: int) -> None:
        super().__init__()
        self.net = net
        self.stages = stages

    def forward(self, views: Tensor) -> Tensor:
        """Return what the stages give."""
        x = self.net.convolve(self.net.normalise(views), stop=self.stages)
        return x.mean((2, 3)) if self.stages == ALL_BUT_HEAD else x


def trunk_of(net: nn.Module, stages: int) -> nn.Module:
    """Return the frozen part of a network, of frames. Raises `TrainingError` if it has none."""
    return net.backbone if isinstance(net, FrozenTransformer) else Trunk(as_lite(net), stages)


def trunk_shape(net: nn.Module, stages: int, size: int) -> tuple[int, ...]:
    """Return the shape of what the frozen stages give for a frame; nothing is computed for it."""
    with torch.inference_mode():
        trunk = trunk_of(deepcopy(net), stages).eval().to("meta")
        return tuple(trunk(torch.empty(1, 3, size, size, device="meta")).shape[1:])


def trunk_runner(net: nn.Module, stages: int, size: int, device: torch.device) -> RunTrunk:
    """Return what computes the frozen stages, in f32."""
    trunk = trunk_of(net, stages).eval()
    if device.type == "cpu" and find_spec("openvino") is not None:
        return _in_openvino(trunk, size)

    @torch.inference_mode()
    def run(views: Tensor) -> Halves:
        with exact_cudnn():
            seen = trunk(views.to(device).contiguous(memory_format=torch.channels_last))
        found: Halves = seen.half().cpu().numpy()
        return found

    return run


def _in_openvino(trunk: nn.Module, size: int) -> RunTrunk:
    import openvino as ov

    from training.model.to_openvino import to_openvino

    model = to_openvino(trunk, torch.zeros(2, 3, size, size))
    request = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()

    def run(views: Tensor) -> Halves:
        found: Halves = request.infer([views.numpy()]).to_tuple()[0].astype(np.float16)
        return found

    return run
