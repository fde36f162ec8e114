"""How a run starts: the network that it trains, and what is known to help before the first step."""

import torch
from torch import nn

from training.config import Config
from training.errors import TrainingError
from videoxception.nets import create
from videoxception.nets.videoxception import ResidualBlock


def fresh_network(config: Config) -> nn.Module:
    """The architecture, initialised by the seed, without motion. Raises `TrainingError` for an unknown one."""
    torch.manual_seed(config.seed)
    try:
        net = create(config.architecture, len(config.data.classes), dropout=config.dropout)
    except ValueError as error:
        raise TrainingError(f"--architecture: {error}") from error
    forget_motion(net)
    return net


@torch.no_grad()
def forget_motion(net: nn.Module) -> None:
    """Sets every temporal kernel to pass its own picture alone.

    Such a network sees each picture by itself and averages. Stages with one picture then train just what stages with
    all ten begin with, and motion is learnt on top; with random outer taps the step from one to ten would undo much.
    """
    for block in net.modules():
        if isinstance(block, ResidualBlock):
            kernel = block.separable.temporal.weight  # (C, 1, k, 1, 1)
            kernel.zero_()
            kernel[:, :, kernel.shape[2] // 2] = 1
