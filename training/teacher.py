"""Distillation: a released model, or several, says what it sees in the very clips that the student is shown.

Source: Hinton et al., https://arxiv.org/abs/1503.02531; a teacher that sees the same augmented view is the "consistent"
one of https://arxiv.org/abs/2106.05237.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.config import Config, DataConfig
from training.errors import TrainingError
from videoxception.nets.planar import forward_fast
from videoxception.nets.served import load_served
from videoxception.store import ModelStore, StoreError


class Teacher:
    """The mean of some released models' probabilities, at a temperature."""

    def __init__(self, nets: list[nn.Module], temperature: float, outputs: int | None = None) -> None:
        self._nets = nets
        self._temperature = temperature
        self._outputs = outputs  # the first so many, which are the student's; None: all

    @classmethod
    def load(cls, config: Config, device: torch.device, store: ModelStore | None = None) -> "Teacher | None":
        """The models that --teacher names, separated by commas; None if it names none. Raises `TrainingError`."""
        names = [name.strip() for name in config.teacher.teacher.split(",") if name.strip()]
        nets = [_load(name, config.data, store or ModelStore()).to(device) for name in names]
        return cls(nets, config.teacher.teacher_temperature, len(config.data.outputs)) if nets else None

    @torch.no_grad()
    def __call__(self, clips: Tensor) -> Tensor:
        """Float clips (B, 3, T, H, W) in 0..1 -> softened probabilities of the student's outputs (B, K)."""
        logits = [forward_fast(net, clips).float()[:, : self._outputs] for net in self._nets]
        return torch.stack([F.softmax(each / self._temperature, 1) for each in logits]).mean(0)

    def loss(self, logits: Tensor, clips: Tensor) -> Tensor:
        """How far the student's logits (B, K) are from what the teacher says of the clips; a mean over the batch.

        Times the temperature squared, so that its gradients are as large as those of the labels (Hinton et al.).
        """
        student = F.log_softmax(logits / self._temperature, 1)
        return F.kl_div(student, self(clips), reduction="batchmean") * self._temperature**2


def _load(name: str, data: DataConfig, store: ModelStore) -> nn.Module:
    try:
        release = store.load(name)
    except StoreError as error:
        raise TrainingError(f"--teacher: {error}") from error
    if tuple(release.manifest.classes) != data.classes:
        raise TrainingError(f"--teacher: {release} has other classes than this run; train with --classes of its own")
    if data.others not in ((), tuple(release.manifest.others)):
        raise TrainingError(f"--teacher: {release} knows other --others than this run; take its own, or none")
    return load_served(release).net.requires_grad_(False)
