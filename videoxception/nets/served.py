"""A network with the normalisation of its clips in front of it: bytes in, logits out."""

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from videoxception.clip import ClipSpec
from videoxception.nets import create
from videoxception.nets.background import join_background
from videoxception.store import Release


class Served(nn.Module):
    """Maps uint8 clips (B, F, H, W, 3), as `ClipSpec` describes them, to logits of the classes (B, K).

    With auxiliary classes, the network's last `auxiliary` outputs, the logits are (B, K + 1), the background last.
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
        """Return logits (B, K or K + 1) of uint8 clips (B, F, H, W, 3), in the network's own precision."""
        x = frames.permute(0, 4, 1, 2, 3).to(self.scale.dtype)  # (B, 3, F, H, W)
        return join_background(self.net(x * self.scale - self.offset), self.auxiliary)


def load_served(release: Release) -> Served:
    """Load the network of a released model with its weights, in evaluation mode."""
    manifest = release.manifest
    auxiliary = len(manifest.auxiliary)
    architecture, classes = manifest.architecture, len(manifest.classes)
    net = create(architecture.name, classes, auxiliary=auxiliary, **architecture.arguments)
    net.load_state_dict(load_file(release.weights))
    return Served(net, manifest.clip, auxiliary).eval()
