"""The training loop, to be read from top to bottom.

An epoch draws everything from (seed, epoch, step, part of the batch), so that a run which was stopped and resumed at an
epoch's end gives the same weights as one that never stopped, and two processes the same as one that takes two parts.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from training.augment.mixup import mix
from training.augment.pipeline import draw_clips
from training.cache.loader import FrameLoader
from training.config.schema import Config, OptimizerConfig, Stage
from training.errors import TrainingError
from training.model.train_state import TrainState, update_ema
from training.progress import track
from training.trainer.amp import autocast
from training.trainer.distillation import Teacher
from training.trainer.distributed import World, floating_buffers
from training.trainer.log import EpochReport
from training.trainer.sampler import Part, plan_epoch
from videoxception.nets.planar import PLAIN, Passes, forward_fast

_ALONE = World()


@dataclass(frozen=True, slots=True)
class TrainContext:
    """What an epoch is trained with: `forward` computes the logits, and averages the gradients of processes."""

    config: Config
    loader: FrameLoader
    forward: nn.Module
    device: torch.device
    world: World
    teacher: Teacher | None


def train(
    state: TrainState,
    config: Config,
    loader: FrameLoader,
    validate: Callable[[nn.Module, Stage], float] | None,
    device: torch.device,
    world: World = _ALONE,
    teacher: Teacher | None = None,
    passes: Passes = PLAIN,
) -> Iterator[EpochReport]:
    """Trains from `state.epoch` to the last epoch; yields after each, when the state is whole and can be saved.

    The network's blocks are done by `passes`. Raises `TrainingError` if the loss stops being a number.
    """
    forward = _forward(_Fast(state.net, passes), config, device, world)
    context = TrainContext(config, loader, forward, device, world, teacher)
    for epoch in range(state.epoch, config.epochs):
        start, stage = time.monotonic(), config.stage(epoch)
        loss, waited = _train_epoch(state, plan_epoch(config, epoch, loader, world), context)
        for net in (state.net, state.average):
            world.average_buffers(net)
        state.epoch = epoch + 1
        seconds = time.monotonic() - start
        last_of_stage = state.epoch == config.epochs or config.stage(state.epoch) is not stage
        looked = validate is not None and (last_of_stage or state.epoch % 5 == 0)
        validation = validate(state.average, stage) if validate is not None and looked else None
        lr = learning_rate(state.epoch / config.epochs, config.optimizer)
        yield EpochReport(state.epoch, loss, lr, seconds, waited / seconds, validation)


def _train_epoch(state: TrainState, steps: list[list[Part]], context: TrainContext) -> tuple[float, float]:
    """One pass over the footage: the mean loss, and the seconds spent waiting for pixels."""
    config = context.config
    gathered = _timed(context.loader.ahead((part.rows, part.times) for parts in steps for part in parts))
    state.net.train()
    losses, waited = [], 0.0
    for step, parts in enumerate(track(steps, f"epoch {state.epoch + 1}")):
        for part in _from_the_same_norms(state.net, parts):
            frames, seconds = next(gathered)
            waited += seconds
            losses.append(_backward(part, frames, config.stage(state.epoch), part is parts[-1], context))
        lr = learning_rate((state.epoch + step / len(steps)) / config.epochs, config.optimizer)
        optimizer_step(state, lr, config.optimizer)
    mean = context.world.total(torch.stack(losses).sum().item(), context.device) / len(steps)
    if not math.isfinite(mean):
        raise TrainingError(f"the loss of epoch {state.epoch + 1} is not a number; lower --lr, and --resume")
    return mean, waited


def _backward(part: Part, frames: Tensor, stage: Stage, last: bool, context: TrainContext) -> Tensor:
    """Adds a part's share to the gradient; its share of the loss, detached. Processes talk at the `last` part alone."""
    config, device, world, forward = context.config, context.device, context.world, context.forward
    torch.manual_seed(part.rng.initial_seed())  # for dropout and stochastic depth
    clips = draw_clips(frames.to(device, non_blocking=True), stage, config, part.rng)
    targets = context.loader.targets[part.rows].to(device)
    clips, shares = mix(clips, targets, len(config.data.outputs), config.mixing, part.rng)
    silent = isinstance(forward, DistributedDataParallel) and not last
    with forward.no_sync() if silent else nullcontext():  # type: ignore[operator]
        loss = _loss(clips, shares, context) * part.share
        (loss * world.size).backward()  # type: ignore[no-untyped-call]  # processes are averaged, parts added up
    return loss.detach()


def _loss(clips: Tensor, shares: Tensor, context: TrainContext) -> Tensor:
    """Of clips (b, 3, T, H, W) and their shares of the classes (b, K): the labels' loss, mixed with the teacher's."""
    config, teacher = context.config, context.teacher
    with autocast(clips.device):
        logits = context.forward(clips)
        loss = F.cross_entropy(logits.float(), shares, label_smoothing=config.optimizer.label_smoothing)
        if teacher is None:
            return loss
        return torch.lerp(loss, teacher.loss(logits.float(), clips), config.teacher.teacher_weight)


def optimizer_step(state: TrainState, lr: float, config: OptimizerConfig) -> None:
    """One step of the optimiser and of the running average, after which the gradients are gone."""
    for group in state.optimizer.param_groups:
        group["lr"] = lr
    nn.utils.clip_grad_norm_(state.net.parameters(), config.clip_norm)
    state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=True)
    state.step += 1
    update_ema(state, config.ema)


def learning_rate(done: float, config: OptimizerConfig) -> float:
    """The rate when a share `done` (0 to 1) of all epochs is behind: up in a line, then down along a cosine to zero."""
    if done < config.warmup:
        return config.lr * max(done / config.warmup, 0.01)
    return config.lr * 0.5 * (1 + math.cos(math.pi * (done - config.warmup) / (1 - config.warmup)))


def _from_the_same_norms(net: nn.Module, parts: list[Part]) -> Iterator[Part]:
    """The parts of a batch, for each of which the batch norms' running statistics start as they were; then their mean.

    So that parts one after the other do the same as processes beside each other.
    """
    if len(parts) == 1:
        yield parts[0]
        return
    buffers = floating_buffers(net)
    start, total = [b.clone() for b in buffers], [torch.zeros_like(b) for b in buffers]
    for part in parts:
        for buffer, was in zip(buffers, start, strict=True):
            buffer.copy_(was)
        yield part
        for summed, buffer in zip(total, buffers, strict=True):
            summed.add_(buffer)
    for buffer, summed in zip(buffers, total, strict=True):
        buffer.copy_(summed / len(parts))


class _Fast(nn.Module):
    """A network that is trained by its fast form."""

    def __init__(self, net: nn.Module, passes: Passes) -> None:
        super().__init__()
        self.net = net
        self.passes = passes

    def forward(self, clips: Tensor) -> Tensor:
        return forward_fast(self.net, clips, self.passes)


def _forward(forward: nn.Module, config: Config, device: torch.device, world: World) -> nn.Module:
    """What computes the logits of a training step; with several processes, it averages their gradients as well."""
    if config.compile:
        forward = torch.compile(forward)  # type: ignore[assignment]
    if world.size > 1:
        ids = [device.index] if device.type == "cuda" else None
        forward = DistributedDataParallel(forward, device_ids=ids, broadcast_buffers=False)
    return forward


def _timed(items: Iterator[Tensor]) -> Iterator[tuple[Tensor, float]]:
    """Each item, and the seconds that it kept one waiting."""
    while True:
        start = time.monotonic()
        item = next(items, None)
        if item is None:
            return
        yield item, time.monotonic() - start
