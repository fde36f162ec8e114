"""Released models of types A to D on NVIDIA GPUs, by fused Triton kernels."""

import numpy as np
import torch
from torch import nn

from videoxception.clip import Frames
from videoxception.engine.base import FloatPrecision, Logits, Unsuitable
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_graphs import GraphRunner
from videoxception.engine.kernels.families import Fused, Shape, bytes_each, check_family, kernels_of
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.served import load_served
from videoxception.store import Release

BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Batch sizes with a recorded graph."""

_DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
_MEMORY = 0.5  # share of the GPU's free memory that may be used


class FusedEngine:
    """A VideoXception with fused batch norms as CUDA graphs of this project's kernels.

    The order of every sum is independent of the batch, so that a clip's logits do not depend on the other clips in it.
    """

    def __init__(self, net: nn.Module, shape: Shape, card: Card, precision: FloatPrecision = "bf16") -> None:
        """Allocate buffers and record graphs for a network returned by `fuse_norms` and clips of `shape` (F, H, W, 3).

        Raises `Unsuitable` if the kernels were not written for the network or the card, or do not fit into its memory.
        """
        self.device = card.name
        self.precision: FloatPrecision = precision
        fused, dtype = _supported(net, shape, card), _DTYPES[precision]
        with card.in_use():
            capacity = _capacity(bytes_each(fused, shape, dtype) + 2 * int(np.prod(shape)), card.free_memory)
            network = kernels_of(fused, shape, capacity, dtype, card.device)
        buckets = [size for size in BUCKETS if size <= capacity]
        self._runner = GraphRunner(network.run, shape, network.outputs, buckets, card)
        self.rerun = self._runner.rerun

    @classmethod
    def load(cls, release: Release, card: Card, precision: FloatPrecision = "bf16") -> "FusedEngine":
        """Create the engine of a released model; errors as for the constructor."""
        spec = release.manifest.clip
        return cls(fuse_norms(load_served(release), spec), spec.shape, card, precision)

    def predict(self, frames: Frames) -> Logits:
        """Compute logits float32 (B, K or K + 1) from clips uint8 (B, F, H, W, 3)."""
        return self._runner.predict(frames)


def _supported(net: nn.Module, shape: Shape, card: Card) -> Fused:
    """Return the network. Raises `Unsuitable` if the kernels cannot run it, or not on this card."""
    if not card.has_bf16:
        raise Unsuitable(f"the kernels need compute capability 8.0 or above, but {card.name} has {card.capability}")
    try:
        return check_family(net, shape)
    except ValueError as error:
        raise Unsuitable(str(error)) from error


def _capacity(bytes_each: int, free: int) -> int:
    """Return the largest bucket that fits into half of the `free` bytes. Raises `Unsuitable` if none does."""
    fitting = [size for size in BUCKETS if size * bytes_each <= free * _MEMORY]
    if not fitting:
        raise Unsuitable(f"one clip needs {bytes_each} bytes, and the GPU has {free} free")
    return fitting[-1]
