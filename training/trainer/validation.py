"""Top-1 on held-out clips while a run trains: something to watch, not the figure that is reported."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.cache.loader import Clips, Library
from training.config.stages import Stage
from training.data.splits import Split
from training.trainer.amp import autocast
from training.trainer.distributed import World
from videoxception.clip import ClipSpec, Frames
from videoxception.nets.frozen_transformer import FrozenTransformer
from videoxception.nets.normalise import normalise
from videoxception.nets.planar import forward_fast


class Validation:
    """Top-1 on the clips that a service would see, at a stage's size; several processes share the work.

    All clips are of one of the first `classes` outputs, and only those are compared.
    """

    def __init__(
        self, clips: Clips, targets: Tensor, classes: int, spec: ClipSpec, device: torch.device, world: World
    ) -> None:
        self._clips = clips
        self._spec = spec
        self._targets = targets
        self._classes = classes
        self._device = device
        self._world = world
        self._features: dict[tuple[int, int, int], Tensor] = {}  # of a frozen network of frames

    @classmethod
    def of(
        cls, split: Split, library: Library, spec: ClipSpec, device: torch.device, world: World
    ) -> "Validation | None":
        """Return the validation of a split's held-out items; None if it holds none out."""
        held_out = split.validation
        if not len(held_out):
            return None
        targets = torch.tensor(held_out.targets)
        return cls(Clips(held_out, library), targets, len(held_out.classes), spec, device, world)

    @torch.inference_mode()
    def __call__(self, net: nn.Module, stage: Stage) -> float:
        """Return the network's top-1, from 0 to 1."""
        net.eval()
        right = 0
        for start in range(self._world.rank * stage.batch, len(self._clips), self._world.size * stage.batch):
            rows = slice(start, start + stage.batch)
            with autocast(self._device, net):
                answers = self._logits(net, rows, stage)[:, : self._classes].argmax(1)
            right += int((answers.cpu() == self._targets[rows]).sum())
        return self._world.total(right, self._device) / len(self._clips)

    def _at(self, rows: slice, stage: Stage) -> Tensor:
        """Return clips float (B, 3, T, S, S) of a stage's size, as the network takes them."""
        return normalise(_as_stage(self._clips[rows], stage).to(self._device), self._spec)

    def _logits(self, net: nn.Module, rows: slice, stage: Stage) -> Tensor:
        """Return logits; what a frozen network of frames gives is computed once."""
        if not isinstance(net, FrozenTransformer):
            return forward_fast(net, self._at(rows, stage))
        key = rows.start, stage.frames, stage.size
        if key not in self._features:
            self._features[key] = net.features(self._at(rows, stage))
        return net.classify(self._features[key])


def _as_stage(clips: Frames, stage: Stage) -> Tensor:
    """Convert clips uint8 (B, F, H, W, 3) -> float (B, 3, T, S, S): frames spread over the clip, of a stage's size."""
    numbers = (2 * np.arange(stage.frames) + 1) * clips.shape[1] // (2 * stage.frames)
    chosen = torch.from_numpy(np.ascontiguousarray(clips[:, numbers])).permute(0, 1, 4, 2, 3).float() / 255
    flat = chosen.flatten(0, 1)
    if flat.shape[2] != stage.size:
        flat = F.interpolate(flat, (stage.size, stage.size), mode="bilinear", antialias=True)
    return flat.view(*chosen.shape[:3], stage.size, stage.size).transpose(1, 2)
