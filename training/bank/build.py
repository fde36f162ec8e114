"""Compute what a bank lacks of the views that a run trains on. What is there is never computed again."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.bank.spec import spec_of
from training.bank.store import Bank
from training.bank.trunk import RunTrunk, trunk_runner, trunk_shape
from training.bank.views import draw_views, item_key
from training.cache.loader import Library, draw_ahead
from training.cache.spec import CachedFrames
from training.config.frozen import ALL_BUT_HEAD
from training.config.schema import Config
from training.data.dataset import DataSet
from training.errors import TrainingError
from training.progress import track
from videoxception.nets.efficientnet_lite import MBConv

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ViewedItem:
    """A larger copy uint8 (P, 3, h, w), where P is 1 for a still, its key, and how many views the bank has of it."""

    copy: CachedFrames
    key: bytes
    views: int


Missing = tuple[ViewedItem, list[int]]
"""An item, and the numbers of the views that a bank lacks of it."""


def build_bank(folder: Path, config: Config, net: nn.Module, items: Sequence[ViewedItem], device: torch.device) -> Bank:
    """Return a run's bank, with all views of the items.

    Args:
        folder: holds all banks, each in a folder of its own.
        net: has the weights of the frozen stages.

    Raises:
        TrainingError: the network has no stages to freeze, or kernels over time in them, or the disk is full.
    """
    _check_frames_apart(net, config)
    size, stages = config.stages[-1].size, config.frozen.frozen_stages
    shape = trunk_shape(net, stages, size)
    whole = shape if config.view_frames == 1 else (config.view_frames, *shape)
    bank = Bank(folder, spec_of(config, net, whole, averaged_frames(items, config)))
    if missing_views(bank, items):
        fill_bank(bank, trunk_runner(net, stages, size, device), items, config)
    return bank


def missing_views(bank: Bank, items: Sequence[ViewedItem]) -> list[Missing]:
    """Return what a bank lacks. Equal stills have one key."""
    most = {item.key: item for item in sorted(items, key=lambda item: item.views)}
    return [(item, views) for item in most.values() if (views := bank.missing(item.key, item.views))]


def viewed_items(data: DataSet, library: Library, config: Config) -> list[ViewedItem]:
    """Return a data set's items as a bank knows them.

    Raises `TrainingError` for videos, unless their frames' pooled features are kept, each or as their mean.
    """
    own, found = set(config.data.classes), []
    for item in data.items:
        copy = library.copy(item.path)
        if len(copy) > 1 and config.view_frames == 1 and config.frozen.frozen_stages < ALL_BUT_HEAD:
            raise TrainingError(
                f"--views of one frame are of stills, but {item.path} is a video; {_for_videos(config)}"
            )
        found.append(ViewedItem(copy, item_key(copy), config.frozen.views_of(item.label not in own)))
    return found


def averaged_frames(items: Sequence[ViewedItem], config: Config) -> int:
    """Return of how many frames a record is the mean: 1 if all items are stills, or each frame has its own."""
    of_videos = config.view_frames == 1 and any(len(item.copy) > 1 for item in items)
    return config.clip.frames if of_videos else 1


def _for_videos(config: Config) -> str:
    """Say what to do in place of single frames."""
    if not config.banked:
        return "train without --views"
    return (
        "give the stages a clip's frames (--stages 15x10x128x16), or freeze all but the head"
        f" (--frozen-stages {ALL_BUT_HEAD})"
    )


def _check_frames_apart(net: nn.Module, config: Config) -> None:
    """Raise `TrainingError` for views of clips if frozen stages look over time: a bank has each frame by itself."""
    frozen = range(config.frozen.frozen_stages)
    blocks = [block for block in net.modules() if isinstance(block, MBConv) and block.spec.stage in frozen]
    if config.view_frames > 1 and any(block.temporal is not None for block in blocks):
        raise TrainingError(
            f"--frozen-stages {len(frozen)}: kernels over time in frozen stages would see no other frame; freeze 4, or"
            " leave them out (--architecture-args temporal=false)"
        )


def fill_bank(bank: Bank, run: RunTrunk, items: Sequence[ViewedItem], config: Config) -> None:
    """Compute what a bank lacks of some items' views. Raises `TrainingError` if the disk is full."""
    with bank.writing() as writer, one_thread():
        missing = missing_views(bank, items)  # another process may have added some
        total = sum(len(views) for _, views in missing)
        _LOGGER.info(f"bank {bank.folder}: computing {total} views of {len(missing)} items ({len(bank)} are there)")
        for (item, views), drawn in zip(track(missing, "bank"), _drawn(missing, config), strict=True):
            seen = run(drawn.flatten(0, 1))  # (V, T, ...) -> (V * T, *shape)
            frames = seen.reshape(*drawn.shape[:2], *seen.shape[1:])  # (V, T, *shape)
            writer.add(item.key, views, frames.mean(1, np.float32) if config.view_frames == 1 else frames)


@contextmanager
def one_thread() -> Iterator[None]:
    """Have PyTorch compute with one thread in this block: several threads draw there, and would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _drawn(missing: Sequence[Missing], config: Config) -> Iterator[Tensor]:
    """Draw the missing views of each item, in threads, ahead of those computed."""

    def draw(item: ViewedItem, views: list[int]) -> Tensor:
        return draw_views(item.copy, item.key, views, config.stages[-1].size, config)

    return draw_ahead(draw, missing)
