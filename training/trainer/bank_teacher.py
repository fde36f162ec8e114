"""Distillation on a bank: teachers whose features of every view are computed once, in banks of their own.

A frozen teacher that sees the student's very views, patiently, is the one of https://arxiv.org/abs/2106.05237.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.augment.mixup import Mixture
from training.bank.build import ViewedItem, build_bank
from training.bank.loader import BankLoader
from training.config.augmentation import MixupConfig
from training.config.frozen import ALL_BUT_HEAD
from training.config.schema import Config
from training.model.frozen import as_lite
from training.trainer.distillation import LoadedTeacher, divergence, load_teacher, softened
from training.trainer.sampler import MicroBatch
from videoxception.store import ModelStore


class BankTeacher:
    """The mean of some models' probabilities for the very views of a bank that the student learns from.

    Their features of those views are in banks too, so that only their heads are computed in a step. They may see the
    views at another size.
    """

    def __init__(
        self, banks: Sequence[BankLoader], heads: Sequence[nn.Module], temperature: float, outputs: int
    ) -> None:
        self._banks = banks
        self._heads = heads
        self._temperature = temperature
        self._outputs = outputs  # the first so many, which are the student's

    @classmethod
    def load(
        cls, config: Config, items: list[ViewedItem], banks: Path, device: torch.device, store: ModelStore | None = None
    ) -> "BankTeacher | None":
        """Load the models that --teacher names, and compute what their banks lack. Raises `TrainingError`."""
        nets = [load_teacher(name, config.data, store) for name in config.teacher.names]
        found = [cls._bank(net, config, items, banks, device) for net in nets]
        heads = [as_lite(net.net).head.to(device) for net in nets]
        outputs = len(config.data.outputs)
        return cls(found, heads, config.teacher.teacher_temperature, outputs) if nets else None

    @staticmethod
    def _bank(
        teacher: LoadedTeacher, config: Config, items: list[ViewedItem], banks: Path, device: torch.device
    ) -> BankLoader:
        stage = replace(config.stages[-1], size=teacher.size)
        pooled = replace(config.frozen, frozen_stages=ALL_BUT_HEAD)
        shown = replace(config, stages=(stage,), frozen=pooled, mixing=MixupConfig())
        bank = build_bank(banks, shown, teacher.net.to(device), items, device)
        return BankLoader(bank, items, torch.zeros(len(items)))

    @torch.no_grad()
    def __call__(self, micro: MicroBatch, device: torch.device) -> Tensor:
        """Return softened probabilities of the student's outputs (B, K) for the views of a micro-batch."""
        features = self._features(micro, device)
        logits = [head(seen)[:, : self._outputs] for head, seen in zip(self._heads, features, strict=True)]
        return softened(logits, self._temperature)

    def _features(self, micro: MicroBatch, device: torch.device) -> list[Tensor]:
        """Return each teacher's features (B, C) of the views of a micro-batch."""
        return [bank.draw(micro.rows, micro.times)[:, 0].float().to(device) for bank in self._banks]

    def loss(self, logits: Tensor, mixture: Mixture, micro: MicroBatch) -> Tensor:
        """Return the divergence of the student's logits (B, K) from the teachers' for the same views.

        Of mixed views, their probabilities are mixed by the same shares: the teachers have not seen the mixture.
        """
        return divergence(logits, mixture.blend(self(micro, logits.device)), self._temperature)

    def feature_loss(self, projected: Tensor, mixture: Mixture, micro: MicroBatch) -> Tensor:
        """Return the mean squared error of a student's projected features (B, F) of the same views, mixed alike.

        Each teacher's features of a view are scaled to a mean of 0 and a variance of 1, so that 1 is what a constant
        gets of unmixed views.
        """
        with torch.no_grad():
            scaled = [F.layer_norm(each, each.shape[1:]) for each in self._features(micro, projected.device)]
        return F.mse_loss(projected, mixture.blend(torch.cat(scaled, 1)))
