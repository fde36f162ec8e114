"""How a run starts: the network that it trains, and what is known to help before the first step."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training import checkpoint
from training.config import Config
from training.errors import TrainingError
from videoxception.nets import create
from videoxception.nets.videoxception import ResidualBlock
from videoxception.store import ModelStore, StoreError


def fresh_network(config: Config) -> nn.Module:
    """The architecture, initialised by the seed. Raises `TrainingError` for an unknown one.

    If training begins with single pictures, the network begins without motion.
    """
    torch.manual_seed(config.seed)
    arguments = {"dropout": config.dropout, "stochastic_depth": config.stochastic_depth, "residual": config.residual}
    try:
        net = create(config.architecture, len(config.data.classes), **arguments)
    except ValueError as error:
        raise TrainingError(f"--architecture: {error}") from error
    if config.stages[0].pictures == 1:
        forget_motion(net)
    return net


def initial_weights(source: str, store: ModelStore | None = None) -> dict[str, Tensor]:
    """The weights that --init names: a run's folder, or a released model. Raises `TrainingError`."""
    if Path(source).is_dir():
        saved = checkpoint.read_checkpoint(Path(source), torch.device("cpu"))
        if saved is None:
            raise TrainingError(f"--init: {source} is a folder, but holds no checkpoint.pt")
        average: dict[str, Tensor] = saved["average"]
        return average
    try:
        return load_file((store or ModelStore()).load(source).weights)
    except StoreError as error:
        raise TrainingError(f"--init: {source} is no run's folder and no released model: {error}") from error


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
