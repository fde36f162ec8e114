"""Released models of any architecture on NVIDIA GPUs, by PyTorch's own kernels.

Which kernels PyTorch's libraries take depends on the shapes, and with the kernels the order of sums: in a batch of
another size, a clip would get other bits. So there is one size. Every batch is computed in chunks of so many clips, by
recorded graphs, and what a batch leaves free of its last chunk holds other clips, whose logits are ignored.

Then a clip's answer can only depend on its place in the chunk (NVIDIA does not promise that a product is split alike
everywhere) and on which of the two graphs computes it. Both are tried for each engine that is created: a few clips must
get the bits that they get alone in every place of both. Where one does not, chunks are halved. From one card, driver or
version to another, answers are equal within the golden answers' tolerance only.
"""

import logging
from collections.abc import Callable
from contextlib import suppress

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import convert_conv2d_weight_memory_format, convert_conv3d_weight_memory_format

from videoxception import golden
from videoxception.clip import ClipSpec, Frames
from videoxception.engine.base import EngineError, FloatPrecision, Logits
from videoxception.engine.cuda_card import Card
from videoxception.engine.cuda_exact import exact_cudnn
from videoxception.engine.cuda_graphs import GraphRunner
from videoxception.nets.fused_norms import fuse_norms
from videoxception.nets.served import load_served
from videoxception.store import Release

CHUNKS = (8, 4, 2, 1)
"""Clips in a graph: sizes to try."""

_SEED, _TRIED = 8, 3  # of the clips with which that is tested, and how many
_log = logging.getLogger(__name__)


class PlainEngine:
    """A network in PyTorch, channels last, as one CUDA graph; in f32, or in bf16 by autocast with the head in f32."""

    def __init__(
        self, net: nn.Module, spec: ClipSpec, outputs: int, card: Card, precision: FloatPrecision = "bf16"
    ) -> None:
        """Record a network that maps uint8 clips (B, F, H, W, 3) to logits (B, outputs); it is changed in place.

        Raises `EngineError` as `largest_steady` does, and whatever PyTorch raises for a network that it cannot record.
        """
        self.device = card.name
        self.precision: FloatPrecision = precision
        prepared = _prepare(net.to(card.device), precision)

        def run(frames: Tensor, logits: Tensor) -> None:
            with _autocast(card.device, precision):
                logits.copy_(prepared(frames))

        def record(chunk: int) -> GraphRunner:
            with exact_cudnn():
                return GraphRunner(run, spec.shape, outputs, [chunk], card)

        self._runner = largest_steady(record, golden.draw(spec, _SEED, _TRIED))
        self.chunk = self._runner.buckets[-1]
        self.rerun = self._runner.rerun

    @classmethod
    def load(cls, release: Release, card: Card, precision: FloatPrecision = "bf16") -> "PlainEngine":
        """Create the engine of a released model; errors as for the constructor."""
        manifest = release.manifest
        return cls(fuse_norms(load_served(release), manifest.clip), manifest.clip, manifest.outputs, card, precision)

    def predict(self, frames: Frames) -> Logits:
        """Compute logits float32 (B, K or K + 1) from clips uint8 (B, F, H, W, 3)."""
        return self._runner.predict(frames)


def largest_steady(record: Callable[[int], GraphRunner], clips: Frames) -> GraphRunner:
    """Return the runner of the largest chunk that fits and in which no answer depends on its place, tried on `clips`.

    Raises `EngineError` if not even a single clip fits and is answered so.
    """
    for chunk in CHUNKS:
        with suppress(torch.OutOfMemoryError):
            if is_steady(runner := record(chunk), clips):
                return runner
        _log.warning("chunks of %d clips do not fit, or a clip's bits depend on its place in them", chunk)
    raise EngineError("there is no room for a single clip, or its bits depend on which of two graphs computes it")


def is_steady(runner: GraphRunner, clips: Frames) -> bool:
    """Return whether each clip gets the same bits beside others and in every place of both graphs."""
    return all(_is_steady(runner, clip) for clip in clips)


def _is_steady(runner: GraphRunner, clip: Frames) -> bool:
    alone = runner.predict(clip[None])  # beside what the runner held before
    everywhere = runner.predict(clip[None].repeat(2 * runner.buckets[-1], 0))
    return bool((everywhere == alone).all())


def _prepare(net: nn.Module, precision: FloatPrecision) -> nn.Module:
    """Lay out weights channels last. For bf16, convert them once; heads stay in f32, since bf16 logits have 8 bits."""
    convert_conv2d_weight_memory_format(net, torch.channels_last)
    convert_conv3d_weight_memory_format(net, torch.channels_last_3d)
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d) and precision == "bf16":
            module.to(torch.bfloat16)
        elif isinstance(module, nn.Linear):
            module.forward = _linear_in_f32(module)  # type: ignore[assignment,method-assign]
    return net


def _linear_in_f32(linear: nn.Linear) -> Callable[[Tensor], Tensor]:
    def forward(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return F.linear(x.float(), linear.weight, linear.bias)

    return forward


def _autocast(device: torch.device, precision: FloatPrecision) -> torch.autocast:
    """Return bf16's autocast; it keeps no converted weights, which a graph must not find in a cache."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16", cache_enabled=False)
