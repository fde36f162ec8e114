"""A network with everything that the service's clips need before it, so that bytes go in and logits come out."""

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from videoxception.clip import ClipSpec
from videoxception.nets import create
from videoxception.nets.background import join_background
from videoxception.store import Release


class Served(nn.Module):
    """uint8 clips (B, F, H, W, 3), as `ClipSpec` describes them, -> logits of the classes (B, K).

    Of a network whose last `auxiliary` outputs are classes that no answer names, (B, K + 1) with the background last.
    """

    scale: Tensor
    offset: Tensor

    def __init__(self, net: nn.Module, spec: ClipSpec, auxiliary: int = 0) -> None:
        super().__init__()
        self.net = net
        self.auxiliary = auxiliary
        std = torch.tensor(spec.std, dtype=torch.float64)
        self.register_buffer("scale", (spec.scale / std).view(3, 1, 1, 1).float(), persistent=False)
        self.register_buffer("offset", (torch.tensor(spec.mean) / std).view(3, 1, 1, 1).float(), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """uint8 (B, F, H, W, 3) -> logits (B, K or K + 1), in the network's own precision."""
        x = frames.permute(0, 4, 1, 2, 3).to(self.scale.dtype)  # (B, 3, F, H, W)
        return join_background(self.net(x * self.scale - self.offset), self.auxiliary)


def load_served(release: Release) -> Served:
    """The network of a released model with its weights, for evaluation."""
    manifest = release.manifest
    auxiliary = len(manifest.auxiliary)
    architecture, classes = manifest.architecture, len(manifest.classes)
    net = create(architecture.name, classes, auxiliary=auxiliary, **architecture.arguments)
    net.load_state_dict(load_file(release.weights))
    return Served(net, manifest.clip, auxiliary).eval()
