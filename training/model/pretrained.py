"""The weights that --init names, fitted to the network of the run that begins with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.config.schema import Config
from training.errors import TrainingError
from training.model import checkpoint
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
