"""The frame loader: gathers the frames that the sampler drew from the cached copies, in threads, ahead of the loop."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVarTuple

import numpy as np
import torch
from torch import Tensor

from training.cache.spec import CachedFrames, CacheSpec
from training.data.dataset import DataSet
from training.errors import TrainingError
from videoxception.clip import Frames

_THREADS = 4  # that gather micro-batches
_AHEAD = 4  # micro-batches that are gathered or wait while one is trained on
_Arguments = TypeVarTuple("_Arguments")


class Library(Protocol):
    """Where pixels come from: a cache on disk, or a pack in memory."""

    spec: CacheSpec

    def clip(self, path: Path) -> Frames:
        """Return the clip of a file, as a service would see it: (F, H, W, 3), where F is 1 for a still."""

    def copy(self, path: Path) -> CachedFrames:
        """Return the larger copy of a file: (P, 3, h, w), where P is 1 for a still."""


class Loader(Protocol):
    """What a step's items are gathered from: their frames, or what frozen stages gave for views of them."""

    targets: Tensor

    @property
    def count(self) -> int:
        """Frames, or views, of an item."""
        ...

    def draw(self, rows: Tensor, times: Tensor) -> Tensor:
        """Gather of items `rows` (B,) the frames or views numbered `times` (B, T): (B, T, ...)."""
        ...


class FrameLoader:
    """The larger copies of items, each (P, 3, h, w) with the same P, and their class numbers `targets` (N,)."""

    def __init__(self, copies: Sequence[CachedFrames], targets: Tensor) -> None:
        if len({copy.shape for copy in copies}) > 1:
            raise TrainingError("the data set holds both stills and videos; train on one kind at a time")
        self._copies = copies
        self.targets = targets

    @classmethod
    def of(cls, data: DataSet, library: Library) -> "FrameLoader":
        """Return the loader of a data set's frames. Raises `TrainingError` if it is empty, or of stills and videos."""
        if not data.items:
            raise TrainingError("there is nothing to train on")
        return cls([library.copy(item.path) for item in data.items], torch.tensor(data.targets))

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def count(self) -> int:
        """Frames an item: 1 for stills."""
        return len(self._copies[0])

    def draw(self, rows: Tensor, times: Tensor) -> Tensor:
        """Gather frames uint8 (B, T, 3, h, w): of items `rows` (B,) those numbered `times` (B, T). Reads no others."""
        drawn = torch.empty(*times.shape, *self._copies[0].shape[1:], dtype=torch.uint8)
        for into, row, numbers in zip(drawn.numpy(), rows.tolist(), times.numpy(), strict=True):
            # One item: (P, 3, h, w)[(T,)] -> (T, 3, h, w). With mode "raise", NumPy would write to a buffer first.
            np.take(self._copies[row], numbers, axis=0, out=into, mode="clip")
        return drawn


def draw_ahead(draw: Callable[[*_Arguments], Tensor], wanted: Iterable[tuple[*_Arguments]]) -> Iterator[Tensor]:
    """Yield what `draw` gives for each of `wanted`, drawn by threads while the caller uses those before."""
    flying: deque[Future[Tensor]] = deque()
    # Threads that each compute with all cores would wait for each other, and for the caller.
    with ThreadPoolExecutor(_THREADS, "gather", torch.set_num_threads, (1,)) as threads:
        for each in wanted:
            flying.append(threads.submit(draw, *each))
            if len(flying) > _AHEAD:
                yield flying.popleft().result()
        while flying:
            yield flying.popleft().result()


class Clips:
    """The clips of a data set, as a service would see them; a still counts as its frame F times."""

    def __init__(self, data: DataSet, library: Library) -> None:
        self._paths = [item.path for item in data.items]
        self._library = library

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, rows: slice) -> Frames:
        """Return the clips of some rows: uint8 (B, F, H, W, 3)."""
        shape = self._library.spec.clip.shape
        return np.stack([np.broadcast_to(self._library.clip(path), shape) for path in self._paths[rows]])
