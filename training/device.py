"""The device that a run trains on."""

import os

import torch

from training.errors import TrainingError


def find_device(name: str) -> torch.device:
    """The device of this name, made the current one, and as repeatable as it can be. Raises `TrainingError`."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise TrainingError(f"the device {name!r} cannot be used: {str(error).splitlines()[0]}") from error
    if device.type == "cuda":
        if device.index is not None:
            torch.cuda.set_device(device)  # Triton launches on the current one
        make_repeatable()
    return device


def make_repeatable() -> None:
    """The same weights from the same seed on GPUs, where PyTorch can; where not, it warns."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # no write before writing
