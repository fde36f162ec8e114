"""The training loop, to be read from top to bottom.

An epoch draws everything from (seed, epoch), so that a run which was stopped and resumed at an epoch's end gives the
same weights as one that never stopped.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.camera import film
from training.colour import recolour
from training.config import Config, OptimiserConfig, Stage
from training.footage import Footage
from training.progress import track
from videoxception.nets.planar import forward_fast


@dataclass(slots=True)
class State:
    """Everything that a run changes while it trains."""

    net: nn.Module
    average: AveragedModel
    optimiser: torch.optim.Optimizer
    epoch: int = 0  # epochs done


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What is said of an epoch. `validation` is the running average's top-1 on clips of the stage's size, or None."""

    epoch: int
    loss: float
    lr: float
    seconds: float
    validation: float | None


def train(
    state: State,
    config: Config,
    footage: Footage,
    validate: Callable[[nn.Module, Stage], float] | None,
    device: torch.device,
) -> Iterator[EpochReport]:
    """Trains from `state.epoch` to the last epoch; yields after each, when the state is whole and can be saved."""
    for epoch in range(state.epoch, config.epochs):
        start, stage = time.monotonic(), config.stage(epoch)
        torch.manual_seed(config.seed * 100_003 + epoch)
        loss, lr = _train_epoch(state, config, stage, footage, device)
        state.epoch = epoch + 1
        last_of_stage = state.epoch == config.epochs or config.stage(state.epoch) is not stage
        looked = validate is not None and (last_of_stage or state.epoch % 5 == 0)
        validation = validate(state.average.module, stage) if validate is not None and looked else None
        yield EpochReport(state.epoch, loss, lr, time.monotonic() - start, validation)


def _train_epoch(
    state: State, config: Config, stage: Stage, footage: Footage, device: torch.device
) -> tuple[float, float]:
    """One pass over the footage: the mean loss, and the learning rate at its end."""
    rng = torch.Generator().manual_seed(config.seed * 100_003 + state.epoch)
    batches = _batches(torch.randperm(len(footage), generator=rng), stage.batch)
    # Drawn before anything is gathered: what is drawn does not depend on how far ahead the gathering is.
    times = [draw_times(len(rows), footage.count, stage.pictures, rng) for rows in batches]
    gathered = footage.ahead(zip(batches, times, strict=True))
    state.net.train()
    losses, lr = [], 0.0
    for step, rows in enumerate(track(batches, f"epoch {state.epoch + 1}")):
        lr = learning_rate((state.epoch + step / len(batches)) / config.epochs, config.optimiser)
        clips = draw_clips(next(gathered).to(device), stage, config, rng)
        losses.append(_step(state, clips, footage.targets[rows].to(device), lr, config.optimiser))
    return torch.stack(losses).mean().item(), lr


def draw_clips(pictures: Tensor, stage: Stage, config: Config, rng: torch.Generator) -> Tensor:
    """Augmented clips of the stage's size, float (B, 3, T, H, W) in 0..1, from pictures uint8 (B, T or 1, 3, h, w)."""
    small = _shrink(pictures.float() / 255, stage.size)
    clips = film(small.expand(-1, stage.pictures, -1, -1, -1), (stage.size, stage.size), config.camera, rng)
    return recolour(clips, config.colour, rng)


def draw_times(batch: int, pictures: int, count: int, rng: torch.Generator) -> Tensor:
    """(B, count) numbers of pictures: one from anywhere within each of `count` equal parts of the video.

    A still (`pictures` is 1) is wanted once, (B, 1), however many pictures the camera makes of it.
    """
    if pictures == 1:
        return torch.zeros(batch, 1, dtype=torch.long)
    times = (torch.arange(count) + torch.rand(batch, count, generator=rng)) * pictures / count
    return times.long().clamp(max=pictures - 1)  # in float32, 9 and almost 1 make 10


def _shrink(pictures: Tensor, size: int) -> Tensor:
    """Pictures (B, T, 3, h, w), made smaller (never larger) so that the camera's bilinear sampling does not alias."""
    height, width = pictures.shape[-2:]
    if height <= 1.5 * size:
        return pictures
    smaller = (round(1.5 * size), round(1.5 * size * width / height))
    shrunk = F.interpolate(pictures.flatten(0, 1), smaller, mode="bilinear", antialias=True)
    return shrunk.view(*pictures.shape[:3], *smaller)


def _step(state: State, clips: Tensor, targets: Tensor, lr: float, config: OptimiserConfig) -> Tensor:
    """One step of the optimiser and of the running average; the loss, detached."""
    for group in state.optimiser.param_groups:
        group["lr"] = lr
    with autocast(clips.device):
        logits = forward_fast(state.net, clips)
    loss = F.cross_entropy(logits.float(), targets, label_smoothing=config.label_smoothing)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.net.parameters(), config.clip_norm)
    state.optimiser.step()
    state.average.update_parameters(state.net)
    return loss.detach()


def new_state(net: nn.Module, config: OptimiserConfig) -> State:
    """A fresh run's state. Biases, batch norms and depthwise kernels, which are few, are left out of weight decay."""
    decayed = [p for p in net.parameters() if p.ndim > 1 and p.shape[1] > 1]
    others = [p for p in net.parameters() if not (p.ndim > 1 and p.shape[1] > 1)]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=config.lr,
    )
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)  # type: ignore[no-untyped-call]
    return State(net, average, optimiser)


def learning_rate(done: float, config: OptimiserConfig) -> float:
    """The rate when a share `done` (0 to 1) of all epochs is behind: up in a line, then down along a cosine to zero."""
    if done < config.warmup:
        return config.lr * max(done / config.warmup, 0.01)
    return config.lr * 0.5 * (1 + math.cos(math.pi * (done - config.warmup) / (1 - config.warmup)))


def _batches(order: Tensor, size: int) -> list[Tensor]:
    """Batches of `size` rows; a last one of less than half a batch is left out, for batch norm's sake."""
    batches = list(torch.split(order, size))
    return batches if len(batches) == 1 or len(batches[-1]) * 2 >= size else batches[:-1]


def autocast(device: torch.device) -> AbstractContextManager[None]:
    """bfloat16 where it is quick: on CUDA, and on CPUs that have the instructions."""
    native = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    return torch.autocast(device.type, torch.bfloat16, enabled=native)
