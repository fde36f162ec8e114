"""How long a run takes, by one step of it."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import torch

from training.bank.trunk import trunk_runner
from training.config.schema import Config
from training.model.build import build_network
from training.model.frozen import freeze, resume

_TRIED = 2  # clips that it is measured on


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds for a clip: `step` in each epoch, and `once` for what a bank keeps of its views."""

    step: float
    once: float = 0.0


def measure_pace(config: Config, device: torch.device) -> Pace:
    """Time a step of the last stage; of a run with a bank, of what is not frozen, and the frozen part for all views."""
    stage, stages = config.stages[-1], config.frozen.frozen_stages
    net = build_network(config).to(device).train()
    freeze(net, stages)
    frames = torch.zeros(_TRIED * stage.frames, 3, stage.size, stage.size)
    if not config.banked:
        clips = frames.view(_TRIED, stage.frames, *frames.shape[1:]).transpose(1, 2).to(device)  # (B, 3, T, H, W)
        return Pace(_seconds(lambda: net(clips).sum().backward(), device))
    run = trunk_runner(net, stages, stage.size, device)
    seen = torch.from_numpy(run(frames)).to(device).float()
    seen = seen.view(_TRIED, stage.frames, *seen.shape[1:])  # (B, T, ...)
    kept = seen if config.view_frames > 1 else seen[:, 0]
    net.train()  # the runner has it as it is served
    step = _seconds(lambda: torch.autograd.backward(resume(net, kept, stages).sum()), device)
    return Pace(step, config.frozen.views * _seconds(lambda: run(frames), device))


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    """Return how long work on all clips takes for each; a first time warms up."""
    took = 0.0
    for _ in range(2):
        started = monotonic()
        work()
        if device.type == "cuda":  # which has only been given the work
            torch.cuda.synchronize(device)
        took = monotonic() - started
    return took / _TRIED
