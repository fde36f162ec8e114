"""Files of weights: safetensors, or what torch has saved of tensors alone."""

import hashlib
import re
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from training.errors import TrainingError

Weights = dict[str, Tensor]

_WRAPPERS = ("state_dict", "model")  # keys under which checkpoints keep their weights
_PREFIX = re.compile(r"^(module\.|_orig_mod\.)+")  # of PyTorch's data-parallel wrappers, and of compiled networks


def read_state_dict(path: Path) -> Weights:
    """Read a file of weights.

    Raises:
        TrainingError: it cannot be read, holds something else, or its sha256 is not the one that its name ends with.
    """
    _check_hash(path)
    try:
        saved = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise many kinds for a damaged file
        raise TrainingError(
            f"--pretrained: {path} holds no weights that can be read safely, by safetensors or torch.save"
            f" ({type(error).__name__})"
        ) from error
    for key in _WRAPPERS:
        saved = saved.get(key, saved) if isinstance(saved, dict) else saved
    if not isinstance(saved, dict) or not saved or not all(map(_is_named_tensor, saved.items())):
        raise TrainingError(f"--pretrained: {path} holds no weights by their names")
    return {_PREFIX.sub("", name): tensor for name, tensor in saved.items()}


def _is_named_tensor(entry: tuple[object, object]) -> bool:
    name, tensor = entry
    return isinstance(name, str) and isinstance(tensor, Tensor)


def _check_hash(path: Path) -> None:
    """Compare a file with the first digits of its sha256, if its name ends with them: "-57934424.pth"."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TrainingError(f"--pretrained: {path}: {error.strerror}") from error
    said = re.search(r"-([0-9a-f]{8,64})$", path.stem)
    if said and not found.startswith(said[1]):
        raise TrainingError(f"--pretrained: {path} is damaged: its sha256 is {found}, and its name says {said[1]}...")
