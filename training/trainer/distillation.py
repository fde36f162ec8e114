"""Distillation: the student learns the probabilities that trained models give to the very clips it is shown.

Source: Hinton et al., https://arxiv.org/abs/1503.02531; a teacher that sees the same augmented view is the "consistent"
one of https://arxiv.org/abs/2106.05237.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.augment.mixup import Mixture
from training.config.clip import describe
from training.config.data import DataConfig
from training.config.schema import Config
from training.errors import TrainingError
from training.model import checkpoint
from training.model.final_weights import averaged_network
from training.model.resolve import resolve_trained
from training.trainer.sampler import MicroBatch
from videoxception.clip import ClipSpec
from videoxception.nets.normalise import normalise
from videoxception.nets.planar import forward_fast
from videoxception.nets.registry import clip_arguments
from videoxception.nets.served import load_served
from videoxception.store import ModelStore, Release


class Teacher:
    """The mean of some models' probabilities, at a temperature."""

    def __init__(self, teachers: "list[LoadedTeacher]", temperature: float, outputs: int | None = None) -> None:
        self._teachers = teachers
        self._temperature = temperature
        self._outputs = outputs  # the first so many, which are the student's; None: all

    @classmethod
    def load(cls, config: Config, device: torch.device, store: ModelStore | None = None) -> "Teacher | None":
        """Load the models and finished runs that --teacher names; None if it names none. Raises `TrainingError`."""
        teachers = [load_teacher(name, config.data, store) for name in config.teacher.names]
        for teacher in teachers:
            teacher.net.to(device)
            _check_colours(teacher, config)
            _check_shape(teacher, config)
        return cls(teachers, config.teacher.teacher_temperature, len(config.data.outputs)) if teachers else None

    @torch.no_grad()
    def __call__(self, clips: Tensor) -> Tensor:
        """Return softened probabilities of the student's outputs (B, K) for float clips (B, 3, T, H, W) in 0..1."""
        logits = [teacher.logits(clips).float()[:, : self._outputs] for teacher in self._teachers]
        return softened(logits, self._temperature)

    def loss(self, logits: Tensor, mixture: Mixture, micro: MicroBatch) -> Tensor:
        """Return the divergence of the student's logits (B, K) from the teacher's on the same mixed clips."""
        return divergence(logits, self(mixture.clips), self._temperature)


def softened(logits: Sequence[Tensor], temperature: float) -> Tensor:
    """Return the mean of several models' probabilities (B, K) at a temperature, from the logits (B, K) of each."""
    return torch.stack([F.softmax(each / temperature, 1) for each in logits]).mean(0)


def divergence(logits: Tensor, probabilities: Tensor, temperature: float) -> Tensor:
    """Return the divergence of a student's logits (B, K) from softened probabilities (B, K): the batch's mean.

    Times the temperature squared, so that its gradients are as large as those of the labels (Hinton et al.).
    """
    student = F.log_softmax(logits / temperature, 1)
    return F.kl_div(student, probabilities, reduction="batchmean") * temperature**2


@dataclass(frozen=True, slots=True)
class LoadedTeacher:
    """A teacher's network, the size of the frames that it is made for, and how their numbers are to be scaled.

    `built_for` are the frames and the size of the only clips that it takes; what it lacks is free.
    """

    net: nn.Module
    size: int
    spec: ClipSpec
    built_for: Mapping[str, int] = field(default_factory=dict)

    def logits(self, clips: Tensor) -> Tensor:
        """Return logits (B, K) of float clips (B, 3, T, H, W) in 0..1."""
        return forward_fast(self.net, normalise(clips, self.spec))


def _check_colours(teacher: LoadedTeacher, config: Config) -> None:
    """Raise `TrainingError` for a teacher that takes colours in another order than the student is shown them."""
    if teacher.spec.channels != config.clip.channels:
        raise TrainingError(
            f"--teacher: a teacher that takes {teacher.spec.channels} cannot teach {config.architecture}, which takes"
            f" {config.clip.channels}"
        )


def _check_shape(teacher: LoadedTeacher, config: Config) -> None:
    """Raise `TrainingError` for a teacher built for clips of another shape than a stage shows the student."""
    for stage in config.stages:
        if any(getattr(stage, name) != length for name, length in teacher.built_for.items()):
            raise TrainingError(
                f"--teacher: its network is built for clips of {describe(teacher.spec)}, but --stages has {stage}"
            )


def load_teacher(name: str, data: DataConfig, store: ModelStore | None) -> LoadedTeacher:
    """Load a released model or a finished run as a teacher of a run on these data. Raises `TrainingError`."""
    trained = resolve_trained(name, store)
    loaded, classes, auxiliary = _of_run(trained) if isinstance(trained, Path) else _of_release(trained)
    if classes != data.classes:
        only = min(set(classes) ^ set(data.classes), default="")
        which = f"{only!r} is known to one of them alone" if only else "in another order"
        raise TrainingError(
            f"--teacher: {name} has other classes than this run ({which}); take one that was trained on these classes"
        )
    if data.auxiliary not in ((), auxiliary):
        raise TrainingError(f"--teacher: {name} knows other --auxiliary than this run; take its own, or none")
    loaded.net.eval().requires_grad_(False)
    return loaded


def _of_run(folder: Path) -> tuple[LoadedTeacher, tuple[str, ...], tuple[str, ...]]:
    """Return the network that a finished run leaves, its classes and its auxiliary classes."""
    config = checkpoint.read_config(folder)
    built_for = clip_arguments(config.architecture, config.clip)
    loaded = LoadedTeacher(averaged_network(folder, config), config.stages[-1].size, config.clip, built_for)
    return loaded, config.data.classes, config.data.auxiliary


def _of_release(release: Release) -> tuple[LoadedTeacher, tuple[str, ...], tuple[str, ...]]:
    """Return a released network, its classes and its auxiliary classes."""
    manifest = release.manifest
    built_for = clip_arguments(manifest.architecture.name, manifest.clip)
    loaded = LoadedTeacher(load_served(release).net, manifest.clip.size[0], manifest.clip, built_for)
    return loaded, tuple(manifest.classes), tuple(manifest.auxiliary)
