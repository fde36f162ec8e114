"""The weights that --init or --pretrained names, fitted to the network of the run that begins with them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.config.schema import Config
from training.errors import TrainingError
from training.model import checkpoint
from training.model.imagenet import NAMED_TOO, PACKAGES, by_lite_names, imagenet_weights
from training.model.net2net import grow_deeper
from training.model.published import adapted, describe_torchvision, torchvision_weights
from training.model.resolve import resolve_trained
from training.model.weight_files import Weights, read_state_dict
from videoxception.nets.registry import ARCHITECTURES, info
from videoxception.store import ModelStore, Release

Shape = tuple[int, ...]

# Weights that a family has beside those of the network whose weights are published, by its file.
_OWN = {
    "videoxception_c": r".*\.temporal\..*",
    "vivit": r"temporal\..*",
    "cnn_lstm": r"lstm\..*",
    "frozen_transformer": r"(?!backbone\.).*",
}


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
    try:
        weights = adapted(_published(config.architecture, source), net)
    except (ValueError, KeyError) as error:
        raise TrainingError(f"--pretrained: {source} is not for {config.architecture}: {error}") from error
    fitted = _fitted(weights, net, config, source)
    new = sorted(fitted.keys() - weights.keys())
    return PretrainedWeights(fitted, (f"{len(new)} weights begin anew, such as {new[0]}",) if new else ())


def _published(architecture: str, source: str) -> Weights:
    """Return published weights by the names that their network has. Raises `TrainingError` or `ValueError`."""
    if source in ("imagenet", "kinetics"):
        of_lite = architecture in PACKAGES
        return imagenet_weights(PACKAGES[architecture]) if of_lite else torchvision_weights(architecture)
    weights = read_state_dict(Path(source))
    return by_lite_names(weights) if architecture in PACKAGES else weights


def head_names(architecture: str) -> tuple[str, ...]:
    """Return the names of the weights and biases whose rows are the outputs."""
    return tuple(f"{head}.{part}" for head in info(architecture).heads for part in ("weight", "bias"))


def pretrained_source(config: Config) -> str:
    """Return what --pretrained comes to: "imagenet", "kinetics", "none" or a path. Raises `TrainingError`."""
    if config.pretrained == "auto":
        return "imagenet" if config.architecture in PACKAGES and not config.init else "none"
    if config.pretrained in ("imagenet", "kinetics") and config.pretrained not in info(config.architecture).weights:
        having = [name for name, known in ARCHITECTURES.items() if config.pretrained in known.weights]
        raise TrainingError(
            f"--pretrained {config.pretrained}: there are such weights for {', '.join(having)}, not for"
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
    if source == "imagenet" and config.architecture in PACKAGES:
        return f"{PACKAGES[config.architecture]}; {NAMED_TOO}"
    if source in ("imagenet", "kinetics"):
        return describe_torchvision(config.architecture)
    return f"the weights of {Path(source).name}"


def _fitted(weights: Weights, net: nn.Module, config: Config, source: str) -> Weights:
    """Return published weights for `net`, whose head is new, and what it has beside them as it is.

    Raises `TrainingError` if they are another network's.
    """
    own, heads = net.state_dict(), head_names(config.architecture)
    of_family = re.compile(_OWN.get(info(config.architecture).builder.partition(":")[0], r"(?!)"))
    fresh = {name: tensor for name, tensor in own.items() if of_family.fullmatch(name)}
    fitting = {name: tensor for name, tensor in (fresh | weights).items() if name not in heads}
    wanted, found = ({n: tuple(t.shape) for n, t in each.items() if n not in heads} for each in (own, fitting))
    if wanted != found:
        by_init = "" if source in info(config.architecture).weights else "; those of runs and releases go with --init"
        raise TrainingError(
            f"--pretrained: the weights of {source} are not those of {config.architecture}"
            f" ({_difference(found, wanted)}){by_init}"
        )
    return fitting


def _difference(found: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> str:
    """Say of the first weight that differs how it does."""
    name = min(name for name in {**wanted, **found} if wanted.get(name) != found.get(name))
    if name not in found:
        return f"{name} is missing"
    if name not in wanted:
        return f"{name} is none of its own"
    return f"{name} is of shape {found[name]}, and must be of {wanted[name]}"


def load_pretrained(config: Config, net: nn.Module, store: ModelStore | None = None) -> PretrainedWeights:
    """Load the weights that --init names, of a run's folder or of a released model, for `net`. Raises `TrainingError`.

    Of the head, outputs that the run shares are taken by name, in the run's order; outputs that are new begin at zero.
    If none is shared, or the head is of another width, it is left out; if some are, a deeper network is grown.
    """
    trained = resolve_trained(config.init, store)
    weights, outputs = _of_run(trained) if isinstance(trained, Path) else _of_release(trained)
    named, wanted = set(outputs), config.data.outputs
    heads, own = head_names(config.architecture), net.state_dict()
    found = {name: _by_name(weights[name], outputs, wanted) for name in heads if name in weights}
    fitting = {**weights, **found}
    whole = grow_deeper(fitting, net)
    if not named & set(wanted) or any(name not in whole or whole[name].shape != own[name].shape for name in heads):
        return PretrainedWeights({name: tensor for name, tensor in weights.items() if name not in heads})
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
