"""The same frames in an order of chance, which differs from clip to clip and from draw to draw."""

import torch
from torch import Tensor

from training.cache.loader import Loader


class ShuffledLoader:
    """A loader whose frames, or frozen features of frames, come in an order of chance."""

    def __init__(self, loader: Loader, seed: int) -> None:
        self._loader = loader
        self._rng = torch.Generator().manual_seed(seed)
        self.targets = loader.targets

    @property
    def count(self) -> int:
        """Frames, or views, of an item."""
        return self._loader.count

    def draw(self, rows: Tensor, times: Tensor) -> Tensor:
        """Gather frames (B, T, ...), or features (B, 1, T, C), each item's in an order of its own."""
        drawn = self._loader.draw(rows, times)
        return shuffled(drawn, 1 if times.shape[1] > 1 else 2, self._rng)


def shuffled(x: Tensor, dimension: int, rng: torch.Generator) -> Tensor:
    """Return each row of x (B, ...) with one of its dimensions in an order of its own."""
    orders = [torch.randperm(x.shape[dimension], generator=rng) for _ in range(len(x))]
    return torch.stack([row.index_select(dimension - 1, order) for row, order in zip(x, orders, strict=True)])
