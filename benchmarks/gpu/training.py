"""Clips a second of training steps: the plain network, compiled, and in the trainer's forms."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.gpu.networks import CLASSES, network
from benchmarks.gpu.rows import Row, attempt
from benchmarks.gpu.timing import Setting, seconds_a_call
from training.config.optimizer import OptimizerConfig
from training.model.train_state import TrainState, new_train_state
from training.trainer.amp import autocast
from training.trainer.loop import optimizer_step
from training.trainer.runtime import make_repeatable
from videoxception.nets.planar import forward_fast

Forward = Callable[[Tensor], Tensor]


def training(kind: str, setting: Setting) -> Iterator[Row]:
    """Measure whole training steps in bf16 autocast, of each form; without augmentation and loading."""
    for name, make in MAKERS.items():
        yield from attempt(f"training {kind}", name, lambda name=name, make=make: _row(kind, name, make, setting))


def _planar(net: nn.Module) -> Forward:
    return lambda clips: forward_fast(net, clips)


def _fused(net: nn.Module) -> Forward:
    from training.kernels.passes import FUSED  # needs Triton, which the others do not

    return lambda clips: forward_fast(net, clips, FUSED)


def _eager(net: nn.Module) -> Forward:
    return net


def _compiled(net: nn.Module) -> Forward:
    torch._dynamo.reset()
    return torch.compile(net, dynamic=False)


MAKERS = {"ours": _planar, "ours, --fused": _fused, "eager": _eager, "torch.compile": _compiled}


def make_step(kind: str, make: Callable[[nn.Module], Forward], setting: Setting) -> Callable[[], Tensor]:
    """Return a training step on one batch of random clips, set up as in a run."""
    if setting.device.type == "cuda":
        make_repeatable()
    net = network(f"videoxception-{kind}").to(setting.device).train()
    state, forward = new_train_state(net, OptimizerConfig()), make(net)
    frames, height, width, _ = setting.shape
    clips = torch.rand(setting.training_batch, 3, frames, height, width, device=setting.device)
    targets = torch.randint(0, CLASSES, (setting.training_batch,), device=setting.device)
    return lambda: step(state, forward, clips, targets)


def _row(kind: str, name: str, make: Callable[[nn.Module], Forward], setting: Setting) -> Iterator[Row]:
    if setting.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(setting.device)
    taken = seconds_a_call(make_step(kind, make, setting), setting)
    peak = f"{torch.cuda.max_memory_allocated() / 2**30:.1f} GiB at most; " if setting.device.type == "cuda" else ""
    note = f"{peak}{taken * 1e3:.1f} ms a step of {setting.training_batch}"
    yield Row(f"training {kind}", name, setting.training_batch / taken, "clips/s", note)


def step(state: TrainState, forward: Forward, clips: Tensor, targets: Tensor) -> Tensor:
    """Train on a batch as the trainer does: forward, backward, clipping, optimiser, EMA; return the loss."""
    with autocast(clips.device, state.net):
        logits = forward(clips)
    loss = F.cross_entropy(logits.float(), targets, label_smoothing=0.1)
    loss.backward()
    optimizer_step(state, OptimizerConfig().lr, OptimizerConfig())
    return loss.detach()
