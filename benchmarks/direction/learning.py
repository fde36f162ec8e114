"""Train one architecture, at its reduced size, on fresh clips each step; measure it on clips that it has never seen."""

import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.direction.clips import CLASSES, OPPOSITE, draw
from training.config.arguments import parse_arguments, write_arguments
from training.config.clip import ClipConfig
from training.config.data import DataConfig
from training.config.schema import Config
from training.model.build import build_network
from training.model.frozen import freeze
from training.model.pretrained import first_weights
from training.recipes import smoke
from videoxception.clip import ClipSpec
from videoxception.nets.normalise import normalise
from videoxception.nets.registry import info

_BATCH = 32
_WARMUP = 0.05  # share of training
_EVERY = 50  # steps between looks at clips that are not trained on
_ENOUGH = 0.99  # at two looks, one after the other
_LOOKED_AT, _HELD_OUT = 256, 2000  # clips
_SEEDS = {"training": 1, "looks": 2, "held out": 3}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an architecture has learnt: shares of held-out clips, and what that took.

    `pairs` is the share of moving clips for which the true direction scores higher than the opposite one, ties half:
    one half for what gives a clip and its time reversal the same logits.
    """

    name: str
    parameters: int
    clip: str
    steps: int
    cpu_seconds: float
    accuracy: float
    pairs: float


def config_of(name: str, arguments: str = "") -> Config:
    """Return the config of an architecture's reduced size and the clips' classes; `arguments` replace its own."""
    small, config = info(name).small, smoke(name)
    shape = ClipConfig(clip_frames=small.frames, clip_size=small.size, clip_window=0)
    merged = parse_arguments(config.architecture_args) | parse_arguments(arguments)
    whole = write_arguments(merged)
    return replace(config, name="", architecture_args=whole, clip_shape=shape, data=DataConfig(classes=CLASSES))


def title(name: str, arguments: str) -> str:
    """Name what is trained: an architecture, with the arguments that it was given."""
    return f"{name}, {arguments}" if arguments else name


def learn(name: str, steps: int, seconds: float, lr: float, arguments: str = "") -> Outcome:
    """Train until `steps` or `seconds` of CPU time are over, or nothing is left to learn; then measure."""
    config = config_of(name, arguments)
    net = _initial(config)
    rng = torch.Generator().manual_seed(_SEEDS["training"])
    optimizer = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], weight_decay=0.05)
    start, step, good = time.process_time(), 0, 0
    while (done := max(step / steps, (time.process_time() - start) / seconds)) < 1 and good < 2:
        for group in optimizer.param_groups:
            group["lr"] = lr * min(done / _WARMUP + 0.01, 1.0) * (1 - done)
        _step(net, optimizer, config.clip, rng)
        step += 1
        if step % _EVERY == 0:
            good = good + 1 if measure(net, config.clip, _LOOKED_AT, "looks")[0] >= _ENOUGH else 0
    spent = time.process_time() - start
    accuracy, pairs = measure(net, config.clip, _HELD_OUT, "held out")
    shape = " x ".join(map(str, (config.clip.frames, *config.clip.size)))
    return Outcome(
        title(name, arguments), sum(p.numel() for p in net.parameters()), shape, step, spent, accuracy, pairs
    )


def _initial(config: Config) -> nn.Module:
    net = build_network(config)
    freeze(net, 0)
    initial = first_weights(config, net)
    if initial is not None:
        own = net.state_dict()
        fit = {name: tensor for name, tensor in initial.weights.items() if tensor.shape == own[name].shape}
        net.load_state_dict(fit, strict=False)
    return net


def _step(net: nn.Module, optimizer: torch.optim.Optimizer, spec: ClipSpec, rng: torch.Generator) -> None:
    clips, labels = draw(_BATCH, spec.frames, spec.size[0], rng)
    net.train()
    loss = F.cross_entropy(net(normalise(clips, spec)), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 2.0)
    optimizer.step()


@torch.inference_mode()
def measure(net: nn.Module, spec: ClipSpec, count: int, purpose: str) -> tuple[float, float]:
    """Return the accuracy and the share within pairs on new clips, each beside its time reversal."""
    net.eval()
    rng = torch.Generator().manual_seed(_SEEDS[purpose])
    right, pairs, moving = 0, 0.0, 0
    for _ in range(count // (2 * _BATCH)):
        clips, labels = draw(_BATCH, spec.frames, spec.size[0], rng)
        clips, labels = torch.cat([clips, clips.flip(2)]), torch.cat([labels, OPPOSITE[labels]])
        logits = net(normalise(clips, spec))
        right += int((logits.argmax(1) == labels).sum())
        pairs += float(within_pairs(logits, labels).sum())
        moving += int((OPPOSITE[labels] != labels).sum())
    return right / (count // (2 * _BATCH) * 2 * _BATCH), pairs / moving


def within_pairs(logits: Tensor, labels: Tensor) -> Tensor:
    """Return, for each moving clip, 1 where its direction scores higher than the opposite one, and a half for a tie."""
    own, other = (logits.gather(1, each.unsqueeze(1))[:, 0] for each in (labels, OPPOSITE[labels]))
    return ((own > other).float() + 0.5 * (own == other).float())[OPPOSITE[labels] != labels]
