"""The bank as a loader of training: what the frozen stages gave for the views that the sampler drew."""

import torch
from torch import Tensor

from training.bank.build import ViewedItem
from training.bank.store import Bank


class BankLoader:
    """Records of items' views, and the items' class numbers `targets` (N,). `count` is the most views of an item."""

    def __init__(self, bank: Bank, items: list[ViewedItem], targets: Tensor) -> None:
        self._records = bank.records()
        self.count = max(item.views for item in items)
        keys = [(item.key, view % item.views) for item in items for view in range(self.count)]
        self._rows = bank.rows(keys).reshape(len(items), self.count)
        self.targets = targets

    def draw(self, rows: Tensor, times: Tensor) -> Tensor:
        """Gather records float16 (B, 1, *shape): of items `rows` (B,) the views numbered `times` (B, 1)."""
        numbers = self._rows[rows.numpy()[:, None], times.numpy()]
        return torch.from_numpy(self._records[numbers])
