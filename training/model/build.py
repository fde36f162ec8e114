"""The network that a run trains, and initialisation that helps before the first step."""

from typing import Any

import torch
from torch import nn

from training.config.schema import Config
from training.errors import TrainingError
from videoxception.nets import ArgumentError, create, takes
from videoxception.nets.efficientnet_lite import STAGES, MBConv
from videoxception.nets.videoxception import ResidualBlock
from videoxception.nets.videoxception_c import TemporalConv


def build_network(config: Config) -> nn.Module:
    """Build the architecture, initialised by the seed. Raises `TrainingError` for an unknown one or wrong arguments.

    If training begins with single frames, temporal kernels of types A and B begin as identity. Those of types C and D
    begin as shifts only where they are trained on several frames. Taps of spatial kernels that the first stage's small
    frames never reach begin at zero.
    """
    torch.manual_seed(config.seed)
    own: dict[str, Any] = {
        "auxiliary": len(config.data.auxiliary),
        "dropout": config.dropout,
        "stochastic_depth": config.stochastic_depth,
    }
    if not takes(config.architecture, "stochastic_depth"):
        if config.stochastic_depth:
            raise TrainingError(f"--stochastic-depth: {config.architecture} has no blocks that can be left out")
        del own["stochastic_depth"]
    shape: dict[str, Any] = dict(config.architecture_arguments)
    if taken := sorted(own.keys() & shape):
        raise TrainingError(f"--architecture-args: {', '.join(taken)} is set by an option of its own")
    try:
        net = create(config.architecture, len(config.data.classes), **own, **shape)
    except ArgumentError as error:
        said = f"{error} (videoxception nets {config.architecture} names those that are no options of their own)"
        raise TrainingError(f"--architecture-args: {said}") from error
    except ValueError as error:
        raise TrainingError(f"--architecture: {error}") from error
    if config.stages[0].frames == 1:
        init_temporal_identity(net)
    if "shift" not in shape:
        leave_out_shifts(net, config.frozen.frozen_stages if any(s.frames > 1 for s in config.stages) else STAGES)
    zero_unreachable_taps(net, config.stages[0].size)
    return net


@torch.no_grad()
def init_temporal_identity(net: nn.Module) -> None:
    """Set every temporal kernel to the identity: each frame by itself.

    Such a network sees each frame by itself and averages. Stages with one frame then train just what stages with all
    ten begin with, and motion is learnt on top; with random outer taps the step from one to ten would undo much.
    """
    for block in net.modules():
        if isinstance(block, ResidualBlock):
            kernel = block.separable.temporal.weight  # (C, 1, k, 1, 1)
            kernel.zero_()
            kernel[:, :, kernel.shape[2] // 2] = 1


def leave_out_shifts(net: nn.Module, stages: int) -> None:
    """Set kernels over time of the first stages of types C and D, which nothing would train, to the identity."""
    for block in net.modules():
        if isinstance(block, MBConv) and isinstance(block.temporal, TemporalConv) and block.spec.stage < stages:
            block.temporal.begin(0.0)


@torch.no_grad()
def zero_unreachable_taps(net: nn.Module, size: int) -> None:
    """Set to zero the taps of spatial kernels that reach beyond the maps of frames `size` pixels high.

    There they meet nothing but padding, learn nothing, and would be noise in stages with larger frames: type B's last
    block sees 1 x 1 pixels of frames of 112, and 2 x 2 of 128.
    """
    blocks = [block for block in net.modules() if isinstance(block, ResidualBlock)]
    for halvings, block in enumerate(blocks):
        kernel = block.separable.spatial.weight  # (C, 1, 1, k, k)
        far = (torch.arange(kernel.shape[-1]) - kernel.shape[-1] // 2).abs() >= max(1, size >> halvings)
        kernel[..., far, :] = 0
        kernel[..., :, far] = 0
