"""The final weights of a finished run, which are released, and the network that has them."""

from pathlib import Path

import torch
from torch import Tensor, nn

from training.config.schema import Config
from training.errors import TrainingError
from training.model import checkpoint
from training.model.build import build_network
from training.model.pretrained import load_pretrained
from videoxception.nets.fused_norms import round_for_bf16


def final_weights(run: Path, config: Config) -> dict[str, Tensor]:
    """Return the weights of `final_network`, by its own names."""
    return {name: tensor.contiguous() for name, tensor in final_network(run, config).state_dict().items()}


def final_network(run: Path, config: Config) -> nn.Module:
    """Return `averaged_network`, rounded to what bf16 can hold, for evaluation. Raises `TrainingError` alike."""
    net = averaged_network(run, config)
    round_for_bf16(net, config.clip)
    return net


def averaged_network(run: Path, config: Config) -> nn.Module:
    """Return the network that a finished run leaves, the EMA.

    With --init-share, that share of the way back to the weights that the run began with. Raises `TrainingError` for a
    run that has epochs left, or one whose first weights are gone or lack some that the network has.
    """
    saved = checkpoint.read_checkpoint(run, torch.device("cpu"))
    done = 0 if saved is None else saved["epoch"]
    if saved is None or done < config.epochs:
        raise TrainingError(f"{run} has done {done} of {config.epochs} epochs; finish it with --resume")
    net = build_network(config).eval()
    net.load_state_dict(saved["average"] if not config.init_share else _between(net, saved["average"], config))
    return net


def _between(net: nn.Module, trained: dict[str, Tensor], config: Config) -> dict[str, Tensor]:
    """Interpolate between the trained weights and the first ones, as in WiSE-FT (https://arxiv.org/abs/2109.01903).

    They keep more of what the first ones knew of frames unlike those trained on.
    """
    first = load_pretrained(config, net).weights
    if missing := sorted(trained.keys() - first.keys()):
        raise TrainingError(
            f"--init-share needs weights of the whole network to go back to, and {config.init} has none for"
            f" {', '.join(missing)}"
        )
    return {
        name: torch.lerp(tensor, first[name], config.init_share) if tensor.is_floating_point() else tensor
        for name, tensor in trained.items()
    }
