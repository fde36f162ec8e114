"""Networks and clips that are measured: real shapes, random weights (speed does not depend on them)."""

import torch
from torch import Tensor, nn

from videoxception import nets
from videoxception.clip import ClipSpec
from videoxception.engine.kernels.families import Fused, check_family
from videoxception.nets.fused_norms import FusedVideoXception, fuse_norms
from videoxception.nets.served import Served
from videoxception.nets.videoxception import VideoXception

SHAPE = (10, 128, 128, 3)
CLASSES = 16
_ARGUMENTS = {"videoxception-c": {"temporal": False}, "videoxception-d": {"temporal": False}}  # as they are released


def network(name: str) -> nn.Module:
    """Create a randomly initialised network whose batch norms are not the identity."""
    torch.manual_seed(0)
    net = nets.create(name, CLASSES, **_ARGUMENTS.get(name, {}))
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.2, 2)
    return net.eval()


def fused_net(kind: str) -> FusedVideoXception:
    """Create a network of type "a" or "b" with fused batch norms."""
    net = network(f"videoxception-{kind}")
    assert isinstance(net, VideoXception)
    return FusedVideoXception(net, ClipSpec()).eval()


def served_net(kind: str, shape: tuple[int, int, int, int] = SHAPE) -> Fused:
    """Create a network of type "a" to "d" with fused batch norms, for clips of `shape`."""
    spec = ClipSpec(frames=shape[0], size=shape[1:3])
    return check_family(fuse_norms(Served(network(f"videoxception-{kind}"), spec), spec), shape)


class Plain(nn.Module):
    """A network with fused norms in plain PyTorch's fastest form: one number type, bf16 with channels last."""

    def __init__(self, net: FusedVideoXception, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.net = net.to(dtype)
        if dtype == torch.bfloat16:
            self.net = self.net.to(memory_format=torch.channels_last_3d)

    def forward(self, frames: Tensor) -> Tensor:
        """Return logits (B, K) of uint8 clips (B, F, H, W, 3)."""
        x = self.net.affine(frames.permute(0, 4, 1, 2, 3).to(self.dtype))
        for block in self.net.blocks:
            x = block(x)
        return self.net.head(torch.flatten(self.net.pool(x), 1))


def clips(count: int, shape: tuple[int, int, int, int] = SHAPE, seed: int = 0) -> Tensor:
    """Draw random clips, uint8 (count, *shape)."""
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=rng)
