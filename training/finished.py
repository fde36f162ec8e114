"""What a finished run leaves: the weights that are released."""

from pathlib import Path

import torch
from torch import Tensor

from training import checkpoint
from training.config import Config
from training.errors import TrainingError
from videoxception.clip import ClipSpec
from videoxception.nets import create
from videoxception.nets.folded import settle


def final_weights(run: Path, config: Config) -> dict[str, Tensor]:
    """The running average of a finished run, by the network's own names, settled on what bf16 can hold.

    Raises `TrainingError` for a run that has epochs left.
    """
    saved = checkpoint.read_checkpoint(run, torch.device("cpu"))
    done = 0 if saved is None else saved["epoch"]
    if saved is None or done < config.epochs:
        raise TrainingError(f"{run} has done {done} of {config.epochs} epochs; finish it with --resume")
    net = create(config.architecture, len(config.data.classes), others=len(config.data.others))
    net.load_state_dict(saved["average"])
    settle(net, ClipSpec())
    return {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
