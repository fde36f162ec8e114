"""Published weights that are no package: torchvision's, fetched by it, or a file's; by the names of our networks."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from training.errors import TrainingError
from training.model.weight_files import Weights
from videoxception.nets.frozen_transformer import FrozenTransformer
from videoxception.nets.googlenet import GoogLeNet
from videoxception.nets.inflate import inflated
from videoxception.nets.vit_weights import vivit_weights
from videoxception.nets.vivit import ViViT

# Architectures whose weights are those of a network of torchvision's that has another name.
_OTHER_NAMES = {
    "i3d": "googlenet",
    "cnn_lstm": "googlenet",
    "resnet50_transformer": "resnet50",
}


def torchvision_weights(architecture: str) -> Weights:
    """Return the weights that torchvision publishes for an architecture, fetched unless they are on disk already.

    Raises:
        TrainingError: they cannot be fetched; it says which file to put where.
    """
    published = _entry(architecture)
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    try:
        return cast(Weights, published.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:
        name = os.path.basename(published.url)
        raise TrainingError(
            f"--pretrained: {published.url} cannot be fetched ({error}); put the file {name} into {folder}, or name it:"
            f" --pretrained PATH/{name}; or begin without: --pretrained none"
        ) from error


def describe_torchvision(architecture: str) -> str:
    """Say which weights `torchvision_weights` returns."""
    published = _entry(architecture)
    return f"torchvision's {published} ({os.path.basename(published.url)}, BSD-3-Clause)"


def _entry(architecture: str) -> Any:
    from torchvision.models import get_model_weights

    return get_model_weights(_OTHER_NAMES.get(architecture, architecture)).DEFAULT


def adapted(weights: Mapping[str, Tensor], net: nn.Module) -> Weights:
    """Return published weights by a network's own names and shapes; those that have its names already, as they are.

    Raises:
        ValueError: a name is unknown, or what every file of such weights has is missing.
    """
    if isinstance(net, GoogLeNet):  # whose published weights have its names, and kernels of frames
        of_trunk = {name: tensor for name, tensor in weights.items() if not name.startswith(("fc.", "aux"))}
        return inflated(of_trunk, net.state_dict())
    if weights.keys() <= net.state_dict().keys():
        return dict(weights)
    if isinstance(net, FrozenTransformer):
        of_trunk = {name: tensor for name, tensor in weights.items() if not name.startswith(("fc.", "head."))}
        return {f"backbone.net.{name}": tensor for name, tensor in of_trunk.items()}
    return vivit_weights(weights, net) if isinstance(net, ViViT) else dict(weights)
