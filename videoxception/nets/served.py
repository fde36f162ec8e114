"""A network with everything that the service's clips need before it, so that bytes go in and logits come out."""

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from videoxception.clip import ClipSpec
from videoxception.nets import create
from videoxception.nets.background import join_others
from videoxception.store import Release


class Served(nn.Module):
    """uint8 clips (B, F, H, W, 3), as `ClipSpec` describes them, -> logits of the classes (B, K).

    Of a network whose last `others` outputs are classes that no answer names, (B, K + 1) with the background last.
    """

    scale: Tensor
    offset: Tensor

    def __init__(self, net: nn.Module, spec: ClipSpec, others: int = 0) -> None:
        super().__init__()
        self.net = net
        self.others = others
        std = torch.tensor(spec.std, dtype=torch.float64)
        self.register_buffer("scale", (spec.scale / std).view(3, 1, 1, 1).float(), persistent=False)
        self.register_buffer("offset", (torch.tensor(spec.mean) / std).view(3, 1, 1, 1).float(), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """uint8 (B, F, H, W, 3) -> logits (B, K or K + 1), in the network's own precision."""
        x = frames.permute(0, 4, 1, 2, 3).to(self.scale.dtype)  # (B, 3, F, H, W)
        return join_others(self.net(x * self.scale - self.offset), self.others)


def load_served(release: Release) -> Served:
    """The network of a released model with its weights, for evaluation."""
    manifest = release.manifest
    others = len(manifest.others)
    net = create(manifest.architecture.name, len(manifest.classes), others=others, **manifest.architecture.arguments)
    net.load_state_dict(load_file(release.weights))
    return Served(net, manifest.clip, others).eval()
