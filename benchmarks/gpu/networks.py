"""Networks and clips that are measured: real shapes and drawn weights, on which speed does not depend."""

import torch
from torch import Tensor, nn

from videoxception import nets
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


def clips(count: int, seed: int = 0) -> Tensor:
    """uint8 (count, *SHAPE), drawn."""
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, *SHAPE), dtype=torch.uint8, generator=rng)
