"""Everything that a run changes while it trains: weights, their EMA, and the optimizer's state."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from training.config.optimizer import OptimizerConfig
from training.model.frozen import HEAD_DEPTH, as_lite, depth_of


@dataclass(slots=True)
class TrainState:
    """What a run changes; `average` is the EMA of `net`, and is what is released; `projection` is thrown away."""

    net: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    projection: nn.Module | None = None
    epoch: int = 0  # epochs done
    step: int = 0  # steps done


def new_train_state(net: nn.Module, config: OptimizerConfig, projection: nn.Module | None = None) -> TrainState:
    """Return a fresh run's state. Biases, batch norms and depthwise kernels, which are few, get no weight decay."""
    groups = _groups(net, config)
    if projection is not None:
        groups.append({"params": list(projection.parameters()), "weight_decay": 0.0, "lr_scale": 1.0})
    return TrainState(net, deepcopy(net).requires_grad_(False), _optimizer(groups, config), projection)


def _groups(net: nn.Module, config: OptimizerConfig) -> list[dict[str, Any]]:
    """Return the trained parameters by weight decay and by the factor `lr_scale` on the learning rate."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            decay = config.weight_decay if parameter.ndim > 1 and parameter.shape[1] > 1 else 0.0
            groups.setdefault((decay, _lr_scale(net, name, config)), []).append(parameter)
    ordered = sorted(groups.items(), key=lambda group: group[0], reverse=True)
    return [{"params": found, "weight_decay": decay, "lr_scale": scale} for (decay, scale), found in ordered]


def _lr_scale(net: nn.Module, name: str, config: OptimizerConfig) -> float:
    """Return the factor of layer-wise decay (https://arxiv.org/abs/1801.06146): 1 for the head, less before it."""
    if config.layer_decay == 1:
        return 1.0
    lite = as_lite(net)
    return config.layer_decay ** (HEAD_DEPTH - depth_of(lite, name))


def _optimizer(groups: list[dict[str, Any]], config: OptimizerConfig) -> torch.optim.Optimizer:
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
