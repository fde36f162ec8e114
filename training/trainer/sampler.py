"""The sampler: which items and frames each step of an epoch trains on, drawn from seeds."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.augment.times import draw_times
from training.cache.loader import Loader
from training.config.schema import Config
from training.errors import TrainingError
from training.trainer.distributed import World


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """What one forward and backward pass takes of a batch.

    Attributes:
        rows: (b,) numbers of items in the frame loader.
        times: (b, T) which of their frames.
        rng: what their clips are drawn with.
        share: of the batch, from 0 to 1.
    """

    rows: Tensor
    times: Tensor
    rng: torch.Generator
    share: float


def plan_epoch(config: Config, epoch: int, loader: Loader, world: World) -> list[list[MicroBatch]]:
    """Plan an epoch: for each step, the micro-batches of its batch that fall to this process.

    Raises:
        TrainingError: the last batch has fewer items than micro-batches are wanted.
    """
    stage = config.stage(epoch)
    count = 1 if config.frozen.views else stage.frames  # of each item: frames, or a view, which is a whole clip
    rows = draw_rows(loader.targets, len(config.data.classes), config.auxiliary_share, generator_of(config.seed, epoch))
    batches = batches_of(rows, stage.batch)
    if len(batches[-1]) < config.grad_accum_steps:
        raise TrainingError(
            f"a batch of {len(batches[-1])} items has no {config.grad_accum_steps} parts; train with larger batches"
        )
    return [
        [
            _micro_batch(rows, len(batch), loader.count, count, generator_of(config.seed, epoch, step + 1, number))
            for number, rows in enumerate(torch.tensor_split(batch, config.grad_accum_steps))
            if number % world.size == world.rank
        ]
        for step, batch in enumerate(batches)
    ]


def _micro_batch(rows: Tensor, batch: int, frames: int, count: int, rng: torch.Generator) -> MicroBatch:
    return MicroBatch(rows, draw_times(len(rows), frames, count, rng), rng, len(rows) / batch)


def draw_rows(targets: Tensor, classes: int, share: float | None, rng: torch.Generator) -> Tensor:
    """Draw the rows of an epoch: all, or all of the classes and as many of auxiliary ones as make up a share of it.

    Args:
        targets: (N,) class numbers; those from `classes` on are auxiliary.
        share: of auxiliary classes in the epoch; there may be too few for it. None: all.
    """
    if share is None:
        return torch.randperm(len(targets), generator=rng)
    own, auxiliary = torch.nonzero(targets < classes)[:, 0], torch.nonzero(targets >= classes)[:, 0]
    wanted = round(len(own) * share / (1 - share))
    rows = torch.cat([own, auxiliary[torch.randperm(len(auxiliary), generator=rng)[:wanted]]])
    return rows[torch.randperm(len(rows), generator=rng)]


def batches_of(order: Tensor, size: int) -> list[Tensor]:
    """Cut rows into batches; a last one of less than half a batch is left out, for batch norm's sake."""
    batches = list(torch.split(order, size))
    return batches if len(batches) == 1 or len(batches[-1]) * 2 >= size else batches[:-1]


def generator_of(*numbers: int) -> torch.Generator:
    """Return a generator seeded by all of the numbers."""
    seed = 0
    for number in numbers:
        seed = (seed * 1_000_003 + number) % 2**61
    return torch.Generator().manual_seed(seed)
