"""Everything that a run changes while it trains: weights, their EMA, and the optimizer's state."""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn

from training.config.optimizer import OptimizerConfig


@dataclass(slots=True)
class TrainState:
    """What a run changes; `average` is the EMA of `net`, and is what is released."""

    net: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    epoch: int = 0  # epochs done
    step: int = 0  # steps done


def new_train_state(net: nn.Module, config: OptimizerConfig) -> TrainState:
    """Return a fresh run's state. Biases, batch norms and depthwise kernels, which are few, get no weight decay."""
    decayed = [p for p in net.parameters() if p.ndim > 1 and p.shape[1] > 1]
    rest = [p for p in net.parameters() if not (p.ndim > 1 and p.shape[1] > 1)]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return TrainState(net, deepcopy(net).requires_grad_(False), _optimizer(groups, config))


def _optimizer(groups: list[dict[str, object]], config: OptimizerConfig) -> torch.optim.Optimizer:
    if config.algorithm == "sgd":
        return torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum, nesterov=config.momentum > 0)
    return torch.optim.AdamW(groups, lr=config.lr)


def load_weights(state: TrainState, weights: dict[str, torch.Tensor]) -> list[str]:
    """Load weights into a fresh state's network; return the names of those of its own that none of them fits."""
    own = state.net.state_dict()
    unfit = [name for name, tensor in own.items() if name not in weights or weights[name].shape != tensor.shape]
    fit = {name: weights[name] for name in own if name not in unfit}
    for net in (state.net, state.average):
        net.load_state_dict(fit, strict=False)
    return unfit
