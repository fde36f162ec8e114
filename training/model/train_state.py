"""Everything that a run changes while it trains: weights, their running average, and the optimiser's memory."""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn

from training.config.optimizer import OptimizerConfig


@dataclass(slots=True)
class TrainState:
    """`average` is a network like `net` whose weights follow it; it is what is released."""

    net: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    epoch: int = 0  # epochs done
    step: int = 0  # steps done


def new_train_state(net: nn.Module, config: OptimizerConfig) -> TrainState:
    """A fresh run's state. Biases, batch norms and depthwise kernels, which are few, are left out of weight decay."""
    decayed = [p for p in net.parameters() if p.ndim > 1 and p.shape[1] > 1]
    auxiliary = [p for p in net.parameters() if not (p.ndim > 1 and p.shape[1] > 1)]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": auxiliary, "weight_decay": 0.0}]
    return TrainState(net, deepcopy(net).requires_grad_(False), _optimizer(groups, config))


def _optimizer(groups: list[dict[str, object]], config: OptimizerConfig) -> torch.optim.Optimizer:
    if config.algorithm == "sgd":
        return torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=config.momentum > 0)
    return torch.optim.AdamW(groups, lr=config.lr)


@torch.no_grad()
def update_ema(state: TrainState, decay: float) -> None:
    """Moves the running average after a step. In the first steps it follows closely, so that it forgets the start."""
    decay = min(decay, state.step / (10 + state.step))
    for mean, value in zip(state.average.state_dict().values(), state.net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)  # counts of batches


def load_weights(state: TrainState, weights: dict[str, torch.Tensor]) -> list[str]:
    """Gives a fresh state's network other weights. Those that fit none are left as they are: their names."""
    own = state.net.state_dict()
    unfit = [name for name, tensor in own.items() if name not in weights or weights[name].shape != tensor.shape]
    fit = {name: weights[name] for name in own if name not in unfit}
    for net in (state.net, state.average):
        net.load_state_dict(fit, strict=False)
    return unfit
