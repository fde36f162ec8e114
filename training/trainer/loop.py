"""The training loop, to be read from top to bottom.

An epoch draws everything from (seed, epoch, step, micro-batch), so that a run which was stopped and resumed at the end
of an epoch gives the same weights as one that never stopped, and two processes the same as one with two micro-batches.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from training.augment.mixup import Mixture, mix
from training.augment.pipeline import draw_clips, resized
from training.cache.loader import Loader, draw_ahead
from training.config.optimizer import OptimizerConfig
from training.config.schema import Config
from training.config.stages import Stage
from training.errors import TrainingError
from training.model.frozen import begin_training, resume
from training.model.projection import Projected
from training.model.train_state import TrainState
from training.progress import track
from training.trainer.amp import autocast
from training.trainer.bank_teacher import BankTeacher
from training.trainer.distillation import Teacher
from training.trainer.distributed import World, floating_buffers
from training.trainer.ema import update_ema
from training.trainer.log import EpochReport
from training.trainer.sampler import MicroBatch, plan_epoch
from training.trainer.schedule import learning_rate
from videoxception.clip import ClipSpec
from videoxception.nets.normalise import normalise
from videoxception.nets.planar import PLAIN, Passes, forward_fast

_ALONE, _CPU = World(), torch.device("cpu")


@dataclass(frozen=True)
class TrainContext:
    """All that a run trains with.

    Attributes:
        state: the network, its running average and the optimizer, and the epoch that they are in.
        validate: gives a network's top-1 on held-out clips of a stage's size; None where nothing is held out.
        teacher: what the network is distilled from, if anything.
        passes: what computes the network's blocks.
    """

    state: TrainState
    config: Config
    loader: Loader
    validate: Callable[[nn.Module, Stage], float] | None = None
    device: torch.device = _CPU
    world: World = _ALONE
    teacher: Teacher | BankTeacher | None = None
    passes: Passes = PLAIN

    @cached_property
    def forward(self) -> nn.Module:
        """What computes the logits of a training step; with several processes, it averages their gradients as well."""
        net, frozen = self.state.net, self.config.frozen
        forward: nn.Module = (
            _Resume(net, frozen.frozen_stages)
            if self.config.banked
            else _FastForward(net, self.config.clip, self.passes)
        )
        if self.state.projection:
            forward = Projected(forward, net, self.state.projection)
        if self.config.compile:
            forward = torch.compile(forward)  # type: ignore[assignment]
        if self.world.size > 1:
            ids = [self.device.index] if self.device.type == "cuda" else None
            forward = DistributedDataParallel(forward, device_ids=ids, broadcast_buffers=False)
        return forward


def train(context: TrainContext) -> Iterator[EpochReport]:
    """Train from the state's epoch to the last; yield after each, when the state is whole and can be saved.

    Raises:
        TrainingError: the loss is not a number any more.
    """
    state, config = context.state, context.config
    for epoch in range(state.epoch, config.epochs):
        start, stage = time.monotonic(), config.stage(epoch)
        loss, waited = _train_epoch(plan_epoch(config, epoch, context.loader, context.world), context)
        if not config.frozen.frozen_stages:
            for net in (state.net, state.average):
                context.world.average_buffers(net)
        state.epoch = epoch + 1
        seconds = time.monotonic() - start
        lr = learning_rate(state.epoch / config.epochs, config.optimizer)
        yield EpochReport(state.epoch, loss, lr, seconds, waited / seconds, _validate(stage, context))


def _validate(stage: Stage, context: TrainContext) -> float | None:
    """Return top-1 of the running average after every fifth epoch and the last of a stage; None after others."""
    epoch, config = context.state.epoch, context.config
    is_last_of_stage = epoch == config.epochs or config.stage(epoch) is not stage
    if context.validate is None or not (is_last_of_stage or epoch % 5 == 0):
        return None
    return context.validate(context.state.average, stage)


def _train_epoch(steps: list[list[MicroBatch]], context: TrainContext) -> tuple[float, float]:
    """Train one epoch; return the mean loss, and the seconds spent waiting for pixels."""
    state, config = context.state, context.config
    gathered = _timed(draw_ahead(context.loader.draw, ((m.rows, m.times) for batch in steps for m in batch)))
    begin_training(state.net, config.frozen.frozen_stages)
    losses, waited = [], 0.0
    for step, batch in enumerate(track(steps, f"epoch {state.epoch + 1}")):
        # With frozen stages, statistics are fixed, and their mean would be rounded.
        for micro in batch if config.frozen.frozen_stages else _with_averaged_norms(state.net, batch):
            frames, seconds = next(gathered)
            waited += seconds
            losses.append(_backward(micro, frames, micro is batch[-1], context))
        lr = learning_rate((state.epoch + step / len(steps)) / config.epochs, config.optimizer)
        optimizer_step(state, lr, config.optimizer)
    mean = context.world.total(torch.stack(losses).sum().item(), context.device) / len(steps)
    if not math.isfinite(mean):
        raise TrainingError(f"the loss of epoch {state.epoch + 1} is not a number; lower --lr, and name another --run")
    return mean, waited


def _backward(micro: MicroBatch, frames: Tensor, last: bool, context: TrainContext) -> Tensor:
    """Add a micro-batch's share to the gradient; return its share of the loss, detached.

    Args:
        frames: uint8 (b, T, 3, h, w), as the cache has them, or views; or float16 (b, 1, ...), what a bank has of them.
        last: whether it is the step's last one, after which the processes average their gradients.
    """
    config, device, world, forward = context.config, context.device, context.world, context.forward
    torch.manual_seed(micro.rng.initial_seed())  # for dropout and stochastic depth
    clips = _inputs(frames.to(device, non_blocking=True), micro, context)
    targets = context.loader.targets[micro.rows].to(device)  # (b,) -> shares (b, K)
    mixture = mix(clips, config.mixing, micro.rng)
    shares = mixture.blend(F.one_hot(targets, len(config.data.outputs)).float())
    silent = isinstance(forward, DistributedDataParallel) and not last
    with forward.no_sync() if silent else nullcontext():  # type: ignore[operator]
        loss = _loss(mixture, shares, micro, context) * micro.share
        # Gradients of micro-batches add up, but DistributedDataParallel takes the mean over processes.
        (loss * world.size).backward()  # type: ignore[no-untyped-call]
    return loss.detach()


def _inputs(frames: Tensor, micro: MicroBatch, context: TrainContext) -> Tensor:
    """Augment frames to clips float (b, 3, T, H, W); views are ready, and what a bank has of them is (b, ...)."""
    config = context.config
    stage = config.stage(context.state.epoch)
    if config.banked:
        return frames[:, 0].float()
    if config.frozen.views:
        return resized(frames[:, 0].float() / 255, stage.size)[:, :, None]
    return draw_clips(frames, stage, config, micro.rng)


def _loss(mixture: Mixture, shares: Tensor, micro: MicroBatch, context: TrainContext) -> Tensor:
    """Return the loss of clips by their shares of the classes (b, K), mixed with the teacher's."""
    config, teacher = context.config, context.teacher
    with autocast(mixture.clips.device, context.state.net):
        outputs = context.forward(mixture.clips)
        logits, projected = outputs if context.state.projection else (outputs, None)
        loss = F.cross_entropy(logits.float(), shares, label_smoothing=config.optimizer.label_smoothing)
        if teacher is None:
            return loss
        loss = torch.lerp(loss, teacher.loss(logits.float(), mixture, micro), config.teacher.teacher_weight)
        if projected is not None:
            assert isinstance(teacher, BankTeacher), "only a bank has features of the very views"
            loss = loss + config.teacher.teacher_features * teacher.feature_loss(projected.float(), mixture, micro)
        return loss


def optimizer_step(state: TrainState, lr: float, config: OptimizerConfig) -> None:
    """Take one step of the optimizer and of the running average, and clear the gradients."""
    for group in state.optimizer.param_groups:
        group["lr"] = lr * group.get("lr_scale", 1.0)
    nn.utils.clip_grad_norm_(state.net.parameters(), config.clip_norm)
    state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=True)
    state.step += 1
    update_ema(state, config.ema)


def _with_averaged_norms(net: nn.Module, batch: list[MicroBatch]) -> Iterator[MicroBatch]:
    """Yield a batch's micro-batches; running statistics of batch norms start the same for each, and are averaged.

    So micro-batches one after the other leave what processes beside each other would.
    """
    if len(batch) == 1:
        yield batch[0]
        return
    buffers = floating_buffers(net)
    start, total = [b.clone() for b in buffers], [torch.zeros_like(b) for b in buffers]
    for micro in batch:
        for buffer, was in zip(buffers, start, strict=True):
            buffer.copy_(was)
        yield micro
        for summed, buffer in zip(total, buffers, strict=True):
            summed.add_(buffer)
    for buffer, summed in zip(buffers, total, strict=True):
        buffer.copy_(summed / len(batch))


class _FastForward(nn.Module):
    """A network's fast forward pass, as a module that can be compiled and distributed."""

    def __init__(self, net: nn.Module, spec: ClipSpec, passes: Passes) -> None:
        super().__init__()
        self.net = net
        self.spec = spec
        self.passes = passes

    def forward(self, clips: Tensor) -> Tensor:
        """Clips (b, 3, T, H, W) in 0..1 -> logits (b, K)."""
        return forward_fast(self.net, normalise(clips, self.spec), self.passes)


class _Resume(nn.Module):
    """A network's forward pass behind its frozen stages."""

    def __init__(self, net: nn.Module, stages: int) -> None:
        super().__init__()
        self.net = net
        self.stages = stages

    def forward(self, x: Tensor) -> Tensor:
        """What the frozen stages gave for frames (b, ...) -> logits (b, K)."""
        return resume(self.net, x, self.stages)


def _timed(items: Iterator[Tensor]) -> Iterator[tuple[Tensor, float]]:
    """Yield each item, and the seconds spent waiting for it."""
    while True:
        start = time.monotonic()
        item = next(items, None)
        if item is None:
            return
        yield item, time.monotonic() - start
