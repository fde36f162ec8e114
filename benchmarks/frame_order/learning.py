"""Train a contestant without a fold, with frames in order or shuffled, and classify that fold's clips likewise."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.frame_order.shuffling import ShuffledLoader, shuffled
from training.bank.build import ViewedItem, build_bank, viewed_items
from training.bank.loader import BankLoader
from training.cache.datamodule import open_data_module
from training.cache.loader import Clips, FrameLoader, Library, Loader
from training.config.schema import Config
from training.data.dataset import DataSet
from training.model.build import build_network
from training.model.frozen import freeze, resume
from training.model.pretrained import first_weights
from training.model.train_state import load_weights, new_train_state
from training.trainer.loop import TrainContext, train
from videoxception.nets.normalise import normalise
from videoxception.nets.planar import forward_fast

_CPU = torch.device("cpu")
_BATCH = 16
_SHUFFLES = 4  # orders in which a twin sees each held-out clip, each answered by itself: a mean would be an ensemble


def answers(config: Config, fold: int, in_order: bool, banks: Path) -> list[tuple[str, str, float]]:
    """Train without a fold; return of each of its clips the file's name, the source video, and the share of right ones.

    In order there is one answer to a clip; of a shuffled twin one to each of several orders.
    """
    data = open_data_module(replace(config, data=replace(config.data, fold=fold)), None)
    config = data.config
    library, split, _ = data.load()
    net = build_network(config)
    freeze(net, config.frozen.frozen_stages)
    state = new_train_state(net, config.optimizer)
    initial = first_weights(config, net)
    load_weights(state, initial.weights if initial else {})
    loader = _loader(config, split.training, library, state.average, banks)
    for _ in train(TrainContext(state, config, loader if in_order else ShuffledLoader(loader, config.seed))):
        pass
    logits = _logits(state.average.eval(), config, split.validation, library, in_order, banks)
    right = shares(logits, torch.tensor(split.validation.targets))
    return [(item.path.name, item.group, each) for item, each in zip(split.validation.items, right, strict=True)]


def shares(logits: Tensor, targets: Tensor) -> list[float]:
    """Return of each clip the share of its orders whose logits (S, N, K) are highest for its target (N,)."""
    return (logits.argmax(2) == targets).float().mean(0).tolist()


def _loader(config: Config, data: DataSet, library: Library, net: nn.Module, banks: Path) -> Loader:
    if not config.banked:
        return FrameLoader.of(data, library)
    return _bank_loader(config, data, viewed_items(data, library, config), net, banks)


def _bank_loader(config: Config, data: DataSet, items: list[ViewedItem], net: nn.Module, banks: Path) -> BankLoader:
    return BankLoader(build_bank(banks, config, net, items, _CPU), items, torch.tensor(data.targets))


@torch.inference_mode()
def _logits(net: nn.Module, config: Config, data: DataSet, library: Library, in_order: bool, banks: Path) -> Tensor:
    """Return logits (S, N, K) of the clips as a service would see them, S = 1, or of S orders of chance of each."""
    rng = torch.Generator().manual_seed(config.seed)
    found = []
    for frames in _held_out(net, config, data, library, banks):
        orders = [frames] if in_order else [shuffled(frames, 1, rng) for _ in range(_SHUFFLES)]
        found.append(torch.stack([_of(net, config, each) for each in orders]))
    return torch.cat(found, 1)


def _of(net: nn.Module, config: Config, frames: Tensor) -> Tensor:
    """Return logits of features (B, T, C), or of frames (B, T, 3, H, W) in 0..1."""
    if config.banked:
        return resume(net, frames, config.frozen.frozen_stages)
    return forward_fast(net, normalise(frames.transpose(1, 2), config.clip))


def _held_out(net: nn.Module, config: Config, data: DataSet, library: Library, banks: Path) -> list[Tensor]:
    """Return batches of features (B, T, C) of view 0, or of frames (B, T, 3, H, W) in 0..1."""
    if config.banked:
        loader = _bank_loader(config, data, viewed_items(data, library, config), net, banks)
        rows = torch.arange(len(data)).split(_BATCH)
        return [loader.draw(each, torch.zeros(len(each), 1, dtype=torch.long))[:, 0].float() for each in rows]
    clips = Clips(data, library)
    starts = range(0, len(clips), _BATCH)
    return [torch.from_numpy(clips[i : i + _BATCH]).permute(0, 1, 4, 2, 3).float() / 255 for i in starts]
