"""The weights that --init or --pretrained names, fitted to the network of the run that begins with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.config.schema import Config
from training.errors import TrainingError
from training.model import checkpoint
from training.model.imagenet import NAMED_TOO, PACKAGES, imagenet_weights, read_weights
from training.model.net2net import grow_deeper
from training.model.resolve import resolve_trained
from videoxception.store import ModelStore, Release

HEAD = ("head.weight", "head.bias")
Weights = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class PretrainedWeights:
    """Weights by the network's own names, and in words how they differ from those that were named."""

    weights: Weights
    notes: tuple[str, ...] = ()


def first_weights(config: Config, net: nn.Module) -> PretrainedWeights | None:
    """Return the weights that a run begins with, or None if those are drawn. Raises `TrainingError`."""
    if config.init:
        return load_pretrained(config, net)
    source = pretrained_source(config)
    if source == "none":
        return None
    weights = imagenet_weights(PACKAGES[config.architecture]) if source == "imagenet" else read_weights(Path(source))
    return PretrainedWeights(_fitted(weights, net, config))


def pretrained_source(config: Config) -> str:
    """Return what --pretrained comes to: "imagenet", "none" or a path. Raises `TrainingError`."""
    has_weights = config.architecture in PACKAGES
    if config.pretrained == "auto":
        return "imagenet" if has_weights and not config.init else "none"
    if config.pretrained == "imagenet" and not has_weights:
        raise TrainingError(
            f"--pretrained imagenet: there are ImageNet weights for {' and '.join(PACKAGES)}, not for"
            f" {config.architecture}"
        )
    return config.pretrained


def describe_pretrained(config: Config) -> str:
    """Say which published weights are behind a run, also by way of its --init; "" if there are none.

    Raises:
        TrainingError: what --init names is gone.
    """
    if config.init:
        trained = resolve_trained(config.init)
        if isinstance(trained, Path):
            return describe_pretrained(checkpoint.read_config(trained))
        return trained.manifest.provenance.pretrained
    source = pretrained_source(config)
    if source == "none":
        return ""
    return (
        f"{PACKAGES[config.architecture]}; {NAMED_TOO}"
        if source == "imagenet"
        else f"the weights of {Path(source).name}"
    )


def _fitted(weights: Weights, net: nn.Module, config: Config) -> Weights:
    """Return weights of a network of frames for `net`, whose head is new and whose kernels over time stay as they are.

    Raises `TrainingError` if they are another network's.
    """
    own = net.state_dict()
    temporal = {name: tensor for name, tensor in own.items() if ".temporal." in name}
    fitting = temporal | {name: tensor for name, tensor in weights.items() if name not in HEAD}
    if {name: tensor.shape for name, tensor in own.items() if name not in HEAD} != {
        name: tensor.shape for name, tensor in fitting.items()
    }:
        raise TrainingError(f"--pretrained: the weights of {config.pretrained} are not those of {config.architecture}")
    return fitting


def load_pretrained(config: Config, net: nn.Module, store: ModelStore | None = None) -> PretrainedWeights:
    """Load the weights that --init names, of a run's folder or of a released model, for `net`. Raises `TrainingError`.

    Of the head, outputs that the run shares are taken by name, in the run's order; outputs that are new begin at zero.
    If none is shared, or the head is of another width, it is left out; if some are, a deeper network is grown.
    """
    trained = resolve_trained(config.init, store)
    weights, outputs = _of_run(trained) if isinstance(trained, Path) else _of_release(trained)
    named, wanted = set(outputs), config.data.outputs
    fitting = {**weights, **{name: _by_name(weights[name], outputs, wanted) for name in HEAD}}
    whole = grow_deeper(fitting, net)
    if not named & set(wanted) or whole["head.weight"].shape != net.state_dict()["head.weight"].shape:
        return PretrainedWeights({name: tensor for name, tensor in weights.items() if name not in HEAD})
    deeper = () if whole is fitting else ("grown deeper",)
    new = [name for name in wanted if name not in named]
    return PretrainedWeights(whole, (*deeper, *((f"outputs that begin at zero: {', '.join(new)}",) if new else ())))


def _by_name(rows: Tensor, outputs: Sequence[str], wanted: Sequence[str]) -> Tensor:
    """Pick the wanted rows of a head's weight (K, C) or bias (K,) by its outputs' names -> (L, C) or (L,)."""
    found = torch.zeros(len(wanted), *rows.shape[1:], dtype=rows.dtype)
    row = {name: number for number, name in enumerate(outputs)}
    for number, name in enumerate(wanted):
        if name in row:
            found[number] = rows[row[name]]
    return found


def _of_run(folder: Path) -> tuple[Weights, tuple[str, ...]]:
    """Return a run's averaged weights, and the names of its outputs."""
    saved = checkpoint.read_checkpoint(folder, torch.device("cpu"))
    if saved is None:
        raise TrainingError(f"--init: {folder} is a folder, but holds no checkpoint.pt")
    return saved["average"], checkpoint.read_config(folder).data.outputs


def _of_release(release: Release) -> tuple[Weights, tuple[str, ...]]:
    return load_file(release.weights), (*release.manifest.classes, *release.manifest.auxiliary)
