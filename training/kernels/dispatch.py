"""The choice of what computes the blocks of a training step."""

import torch

from training.errors import TrainingError
from videoxception.nets.planar import PLAIN, Passes

_CAPABILITY = (8, 0)


def passes_for(fused: bool, device: torch.device) -> Passes:
    """Return plain PyTorch's passes, or this project's kernels. Raises `TrainingError` where those cannot run."""
    if not fused:
        return PLAIN
    if device.type != "cuda":
        raise TrainingError(f"--fused is for GPUs, and this run is on {device}; leave it out")
    if torch.cuda.get_device_capability(device) < _CAPABILITY:
        raise TrainingError(f"--fused needs compute capability 8.0 or newer, which {device} has not; leave it out")
    try:
        from training.kernels.passes import FUSED
    except ImportError as error:
        raise TrainingError(f"--fused needs Triton, which is missing: {error}; leave it out") from error
    return FUSED
