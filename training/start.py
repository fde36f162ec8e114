"""How a run starts: the network that it trains, and what is known to help before the first step."""

from pathlib import Path
from typing import Any

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

    If training begins with single pictures, the network begins without motion; and without the margins of kernels that
    the first stage's pictures are too small for.
    """
    torch.manual_seed(config.seed)
    arguments: dict[str, Any] = {
        "others": len(config.data.others),
        "dropout": config.dropout,
        "stochastic_depth": config.stochastic_depth,
        "residual": config.residual,
    }
    try:
        net = create(config.architecture, len(config.data.classes), **arguments)
    except ValueError as error:
        raise TrainingError(f"--architecture: {error}") from error
    if config.stages[0].pictures == 1:
        forget_motion(net)
    forget_margins(net, config.stages[0].size)
    return net


def initial_weights(config: Config, store: ModelStore | None = None) -> dict[str, Tensor]:
    """The weights that --init names: of a run's folder, or of a released model. Raises `TrainingError`.

    The head is among them if its outputs stand for what the run's do.
    """
    source = config.init
    try:
        weights, outputs = _of_run(Path(source)) if Path(source).is_dir() else _of_release(source, store)
    except StoreError as error:
        raise TrainingError(f"--init: {source} is no run's folder and no released model: {error}") from error
    if outputs == config.data.outputs:
        return weights
    return {name: tensor for name, tensor in weights.items() if not name.startswith("head.")}


def _of_run(folder: Path) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """A run's averaged weights, and what its outputs stand for."""
    saved = checkpoint.read_checkpoint(folder, torch.device("cpu"))
    if saved is None:
        raise TrainingError(f"--init: {folder} is a folder, but holds no checkpoint.pt")
    return saved["average"], checkpoint.read_config(folder).data.outputs


def _of_release(reference: str, store: ModelStore | None) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    release = (store or ModelStore()).load(reference)
    return load_file(release.weights), (*release.manifest.classes, *release.manifest.others)


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


@torch.no_grad()
def forget_margins(net: nn.Module, size: int) -> None:
    """Sets to zero what spatial kernels have farther out than maps are large, if pictures are `size` pixels high.

    There it meets nothing but padding, learns nothing, and would be noise in stages with larger pictures: type B's last
    block sees 1 x 1 pixels of pictures of 112, and 2 x 2 of 128.
    """
    blocks = [block for block in net.modules() if isinstance(block, ResidualBlock)]
    for halvings, block in enumerate(blocks):
        kernel = block.separable.spatial.weight  # (C, 1, 1, k, k)
        far = (torch.arange(kernel.shape[-1]) - kernel.shape[-1] // 2).abs() >= max(1, size >> halvings)
        kernel[..., far, :] = 0
        kernel[..., :, far] = 0
