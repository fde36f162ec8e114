"""Exact clips in a bank: what a network without its head gives for each frame that a service would show it.

With a mean over frames and a linear head behind it, that is all that the served network computes. Equal frames, such as
those of a still's clip, are computed once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from training.bank.build import one_thread
from training.bank.spec import BankSpec
from training.bank.store import Bank
from training.bank.trunk import RunTrunk
from training.bank.views import item_key
from training.cache.loader import Library
from training.progress import counting

_EXACT = "exact clips, frame by frame"  # instead of how views are drawn


class ExactBank:
    """Pooled features of the frames of exact clips, each under the sha256 of the clip's pixels."""

    def __init__(self, root: Path, spec: BankSpec) -> None:
        self._bank = Bank(root, replace(spec, augmentation=_EXACT))
        self._keys: dict[Path, tuple[bytes, int]] = {}  # of each file: its clip's key and number of frames

    def fill(self, run: RunTrunk, library: Library, paths: Sequence[Path]) -> None:
        """Compute what is lacking of some files' clips. Raises `TrainingError` if the disk is full."""
        with (
            self._bank.writing() as writer,
            counting(len(paths), "features of clips", "clips") as advance,
            one_thread(),
        ):
            for path in paths:
                clip = library.clip(path)
                key = item_key(clip)
                self._keys[path] = key, len(clip)
                if missing := self._bank.missing(key, len(clip)):
                    frames = torch.tensor(clip[missing]).permute(0, 3, 1, 2)
                    writer.add(key, missing, run(frames.float() / 255))
                advance()

    def frames(self, paths: Sequence[Path], count: int) -> Iterator[npt.NDArray[np.float32]]:
        """Yield the features (count, C) of each file's frames; those of a still come again and again."""
        records = self._bank.records()
        for path in paths:
            key, held = self._keys[path]
            yield records[self._bank.rows((key, i % held) for i in range(count))].astype(np.float32)
