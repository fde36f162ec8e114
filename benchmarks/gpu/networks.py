"""Networks and clips that are measured: real shapes and drawn weights, on which speed does not depend."""

import torch
from torch import Tensor, nn

from videoxception import nets
from videoxception.clip import ClipSpec
from videoxception.nets.fused_norms import FusedVideoXception
from videoxception.nets.videoxception import VideoXception

SHAPE = (10, 128, 128, 3)
CLASSES = 16


def network(name: str) -> VideoXception:
    """Freshly drawn, with batch norms that are not the identity."""
    torch.manual_seed(0)
    net = nets.create(name, CLASSES)
    assert isinstance(net, VideoXception)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.2, 2)
    return net.eval()


def fused_net(kind: str) -> FusedVideoXception:
    """Type "a" or "b", its batch norms fused."""
    return FusedVideoXception(network(f"videoxception-{kind}"), ClipSpec()).eval()


class Plain(nn.Module):
    """A network with fused norms as plain PyTorch runs it best: in one type throughout, bf16 with channels last."""

    def __init__(self, net: FusedVideoXception, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.net = net.to(dtype)
        if dtype == torch.bfloat16:
            self.net = self.net.to(memory_format=torch.channels_last_3d)

    def forward(self, frames: Tensor) -> Tensor:
        """uint8 (B, F, H, W, 3) -> logits (B, K)."""
        x = self.net.affine(frames.permute(0, 4, 1, 2, 3).to(self.dtype))
        for block in self.net.blocks:
            x = block(x)
        return self.net.head(torch.flatten(self.net.pool(x), 1))


def clips(count: int, shape: tuple[int, int, int, int] = SHAPE, seed: int = 0) -> Tensor:
    """uint8 (count, *shape), drawn."""
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=rng)
