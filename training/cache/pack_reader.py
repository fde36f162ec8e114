"""A pack: a data set's copies as JPEG frames, with all that a run must know of it, to be carried to another machine.

A folder of two files. `pack.json` names the items with their labels, groups and folds, the split and its protocol, and
the config that they come from; `frames.bin` is one JPEG behind the other. They are decoded once, into memory, by
torchvision, which needs neither av nor the data set. The exact clips stay behind: a pack's own are made of its copies.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch.nn import functional as F

from training.cache.location import check_asked, settings
from training.cache.spec import CachedFrames, CacheSpec
from training.config.data import DataConfig
from training.config.schema import Config, config_from_json
from training.data.auxiliary_classes import leave_out_unseen, separate_auxiliary
from training.data.dataset import DataSet, Item
from training.data.splits import Split, split_by_fold
from training.errors import TrainingError
from videoxception.clip import ClipSpec, Frames

FORMAT = 1
HEADER, FRAMES = "pack.json", "frames.bin"


class PackedItem(BaseModel):
    """One item: the fields of `Item` with a path below the data folder, its side of the split, and its frames."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: dict[str, Any]
    held_out: bool
    lengths: list[int]  # bytes of each JPEG


class PackHeader(BaseModel):
    """The whole of `pack.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    clip: ClipSpec
    frames: int
    size: tuple[int, int]
    quality: int
    dropped: str
    config: str
    classes: tuple[str, ...]
    protocol: str
    leaky: bool
    notes: tuple[str, ...]
    sha256: str
    items: list[PackedItem]


def is_pack(folder: Path) -> bool:
    """Return whether a folder holds a pack rather than a cache."""
    return (folder / HEADER).is_file()


class Pack:
    """A pack that was carried here. Its items have paths below its folder, where there are no files."""

    def __init__(self, folder: Path) -> None:
        """Read the header alone. Raises `TrainingError`."""
        self.folder = folder
        try:
            self.header = PackHeader.model_validate(json.loads((folder / HEADER).read_text()))
        except (OSError, ValueError) as error:
            raise TrainingError(f"the pack {folder} cannot be read: {error}") from error
        if self.header.format != FORMAT:
            raise TrainingError(f"the pack {folder} has format {self.header.format}, but this trainer reads {FORMAT}")
        self.spec = CacheSpec(self.header.clip, self.header.frames, self.header.size)
        self._items = [Item(**row.fields | {"path": folder / row.fields["path"]}) for row in self.header.items]

    def config(self, run: Config) -> Config:
        """Return the run's config with the pack's data set, of which another fold may be held out.

        Raises `TrainingError` if the config names other data or clips, or a split that was not packed.
        """
        packed = config_from_json(self.header.config)
        if run.data.data:
            raise TrainingError(f"the pack {self.folder} brings its own data set: leave --data out")
        check_asked(self.folder, self.spec, run.clip, run.cache)
        fold = packed.data.fold if run.data.fold is None else run.data.fold
        rows = zip(self._items, self.header.items, strict=True)
        drawn = fold is None and any(row.held_out and item.part == "train" for item, row in rows)
        if drawn and run.seed != packed.seed:
            raise TrainingError(
                f"the pack {self.folder} was split with --seed {packed.seed}; train with that, or pack again"
                f" with --seed {run.seed}"
            )
        data = leave_out_unseen(self._unseen(packed.data, run.data.unseen, fold), self._folds)
        return replace(run, data=data, cache=settings(self.spec))

    def _unseen(self, packed: DataConfig, unseen: tuple[str, ...], fold: int | None) -> DataConfig:
        """Return the pack's data set with a fold and the auxiliary classes to leave out. Raises `TrainingError`."""
        if packed.left_out and (packed.fold not in (None, fold) or unseen not in ((), packed.left_out)):
            raise TrainingError(
                f"the pack {self.folder} was made without the auxiliary classes {', '.join(packed.left_out)}; to leave"
                " out others, pack all classes, without --fold and with --unseen rotate or without --unseen"
            )
        return replace(packed, fold=fold, unseen=packed.left_out or unseen or packed.unseen)

    @property
    def _folds(self) -> list[int]:
        """The folds that items of the classes have, sorted."""
        own = self.header.classes[: len(config_from_json(self.header.config).data.classes)]
        return sorted({item.fold for item in self._items if item.fold is not None and item.label in own})

    def split(self, config: Config) -> Split:
        """Return the split that was packed, or that by the fold which `config` names. Raises `TrainingError`."""
        items = (item for item in self._items if item.label not in config.data.left_out)
        everything = DataSet(tuple(items), config.data.outputs)
        if config.data.fold != config_from_json(self.header.config).data.fold and config.data.fold is not None:
            split = split_by_fold(everything.where(lambda item: item.part == "train"), config.data.fold)
            return separate_auxiliary(split, config.data.classes)
        held = {item.path for item, row in zip(self._items, self.header.items, strict=True) if row.held_out}
        split = Split(
            everything.where(lambda item: item.path not in held),
            everything.where(lambda item: item.path in held),
            self.header.protocol,
            self.header.leaky,
            self.header.notes,
        )
        return separate_auxiliary(split, config.data.classes)

    def load(self) -> "PackedLibrary":
        """Decode all frames into memory. Raises `TrainingError` if the file is not as it was written."""
        try:
            content = (self.folder / FRAMES).read_bytes()
        except OSError as error:
            raise TrainingError(f"the pack {self.folder} cannot be read: {error}") from error
        if hashlib.sha256(content).hexdigest() != self.header.sha256:
            raise TrainingError(f"{self.folder / FRAMES} is damaged or not whole; carry it over again")
        copies = _decode(memoryview(content), [row.lengths for row in self.header.items])
        return PackedLibrary(self.spec, dict(zip((item.path for item in self._items), copies, strict=True)))


class PackedLibrary:
    """The frames of a pack, in memory."""

    def __init__(self, spec: CacheSpec, copies: dict[Path, CachedFrames]) -> None:
        self.spec = spec
        self._copies = copies

    def copy(self, path: Path) -> CachedFrames:
        """Return the copy of an item: (P, 3, h, w), where P is 1 for a still."""
        return self._copies[path]

    def clip(self, path: Path) -> Frames:
        """Return about what a service would see: (F, H, W, 3), made of the copy; F is 1 for a still."""
        copy = self._copies[path]
        chosen = copy[spread(len(copy), min(len(copy), self.spec.clip.frames))]
        scaled = F.interpolate(torch.from_numpy(chosen), self.spec.clip.size, mode="bilinear", antialias=True)
        return scaled.permute(0, 2, 3, 1).numpy()


def spread(frames: int, count: int) -> list[int]:
    """Return the numbers of `count` of so many frames, at the centres of equal segments: 10 of 30 are numbers 3i+1."""
    return [(2 * i + 1) * frames // (2 * count) for i in range(count)]


def _decode(content: memoryview, lengths: Sequence[Sequence[int]]) -> Iterator[CachedFrames]:
    """Yield each item's frames (P, 3, h, w)."""
    from torchvision.io import ImageReadMode, decode_jpeg

    start = 0
    for item in lengths:
        frames = []
        for length in item:
            jpeg = np.frombuffer(content[start : start + length], np.uint8).copy()
            frames.append(decode_jpeg(torch.from_numpy(jpeg), ImageReadMode.RGB))
            start += length
        yield torch.stack(frames).numpy()
