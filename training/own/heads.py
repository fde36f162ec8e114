"""Linear heads on frozen features: all heads of all folds are trained at once, on the same batches.

A head is a share of one large matrix, and its items have a weight of nothing where they are held out. Since Adam treats
each number by itself, every head becomes what it would have become alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from training.bank.store import Halves
from training.config.schema import Config
from training.evaluation.bootstrap import Floats, Ints
from training.progress import track
from training.trainer.schedule import learning_rate

_LEAST_STEPS = 400  # however few clips there are


@dataclass(frozen=True, slots=True)
class ViewFeatures:
    """Features of N items in V views: those of item i and view v are `records[rows[i, v]]`, (C,)."""

    records: Halves | npt.NDArray[np.float32]
    rows: Ints

    def draw(self, items: Tensor, rng: torch.Generator) -> Tensor:
        """Return the features (B, C) of items (B,), each in a view that is drawn."""
        views = torch.randint(self.rows.shape[1], (len(items),), generator=rng)
        return torch.from_numpy(self.records[self.rows[items.numpy(), views.numpy()]]).float()


@dataclass(frozen=True, slots=True)
class Heads:
    """H linear heads: weight (H, K, C) and bias (H, K)."""

    weight: Tensor
    bias: Tensor

    def logits(self, number: int, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the logits (..., K) that one head gives for features (..., C)."""
        found: npt.NDArray[np.float32] = features @ self.weight[number].numpy().T + self.bias[number].numpy()
        return found


def shares_of(learnt: npt.NDArray[np.bool_], targets: Ints) -> Floats:
    """Return how much each item weighs for each head (H, N): every class the same, 1 on average, none held out.

    Args:
        learnt: (H, N), which items each head learns from.
        targets: (N,), numbers of their classes.
    """
    counts = learnt.astype(np.float64) @ np.eye(targets.max() + 1)[targets]  # (H, K)
    shares = learnt / np.maximum(counts[:, targets], 1)
    return np.asarray(shares * learnt.shape[1] / shares.sum(1, keepdims=True))


def fit_heads(
    features: ViewFeatures,
    targets: Ints,
    learnt: npt.NDArray[np.bool_],
    decays: Sequence[float],
    outputs: int,
    config: Config,
) -> Heads:
    """Train heads by AdamW with a cosine to zero, beginning at zero.

    Args:
        targets: (N,), numbers of the items' classes.
        learnt: (H, N), which items each head learns from.
        decays: the weight decay of each head.
        outputs: how many a head has.
    """
    stage, rng = config.stages[-1], torch.Generator().manual_seed(config.seed)
    torch.manual_seed(config.seed)  # for dropout
    truth, shares = torch.from_numpy(targets), torch.from_numpy(shares_of(learnt, targets)).float()
    width = features.records.shape[1]
    weight = torch.zeros(width, len(learnt), outputs, requires_grad=True)
    bias = torch.zeros(len(learnt), outputs, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias])
    decay = torch.tensor(decays)[None, :, None]
    batches = -(-len(truth) // stage.batch)
    steps = max(stage.epochs * batches, _LEAST_STEPS)
    for step, rows in zip(
        track(range(steps), f"{len(learnt)} heads"), _batches(len(truth), stage.batch, rng), strict=False
    ):
        x = F.dropout(features.draw(rows, rng), config.dropout)
        loss = _loss((x @ weight.flatten(1)).view(-1, *bias.shape) + bias, truth[rows], shares[:, rows].T, config)
        lr = learning_rate(step / steps, config.optimizer)
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            weight.mul_(1 - lr * decay)
        optimizer.step()
    return Heads(weight.detach().permute(1, 2, 0).contiguous(), bias.detach())


def _batches(count: int, size: int, rng: torch.Generator) -> Iterator[Tensor]:
    """Yield the numbers of items in batches, epoch after epoch, without an end."""
    while True:
        yield from torch.tensor_split(torch.randperm(count, generator=rng), -(-count // size))


def _loss(logits: Tensor, truth: Tensor, shares: Tensor, config: Config) -> Tensor:
    """Return the sum over heads of the mean loss of logits (B, H, K), whose items weigh `shares` (B, H)."""
    wanted = truth[:, None].expand(shares.shape)
    smoothing = config.optimizer.label_smoothing
    losses = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none", label_smoothing=smoothing)
    return (losses * shares.flatten()).sum() / len(truth)
