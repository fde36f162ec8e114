"""Features of a student as its teachers have them: by a linear map that is trained beside it and thrown away."""

import torch
from torch import Tensor, nn

from training.config.schema import Config
from training.errors import TrainingError
from videoxception.nets.efficientnet_lite import TOP


def feature_projection(net: nn.Module, config: Config) -> nn.Linear | None:
    """Return a new map from what a network's head is given to all its teachers' features; None without a weight for it.

    Raises:
        TrainingError: there is no teacher, or the network has no single linear head.
    """
    if not config.teacher.teacher_features:
        return None
    if not config.teacher.names:
        raise TrainingError("--teacher-features needs --teacher, which names whose features to learn")
    head = getattr(net, "head", None)
    if not isinstance(head, nn.Linear):
        raise TrainingError(f"--teacher-features: {config.architecture} has no linear head whose features could learn")
    torch.manual_seed(config.seed)
    return nn.Linear(head.in_features, TOP * len(config.teacher.names)).to(head.weight.device)


class Projected(nn.Module):
    """A forward pass of `net` that also gives what its head is given, through `projection`."""

    def __init__(self, forward: nn.Module, net: nn.Module, projection: nn.Module) -> None:
        super().__init__()
        self.run = forward
        self.net = net
        self.projection = projection

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (b, K) and projected features (b, F)."""
        seen: list[Tensor] = []
        head = self.net.get_submodule("head")
        with head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])):
            logits = self.run(x)
        return logits, self.projection(seen[0])
