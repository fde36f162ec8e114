"""The views of stills as a loader of training, for a network none of whose stages is frozen."""

import torch
from torch import Tensor

from training.bank.build import ViewedItem
from training.bank.views import draw_views
from training.config.schema import Config


class ViewLoader:
    """Views drawn anew whenever they are asked for, the same ones each time; `targets` (N,) are the class numbers.

    `count` is the most views of an item; where an item has fewer, they come again.
    """

    def __init__(self, items: list[ViewedItem], targets: Tensor, config: Config) -> None:
        self._items = items
        self._config = config
        self.targets = targets
        self.count = max(item.views for item in items)

    def draw(self, rows: Tensor, times: Tensor) -> Tensor:
        """Draw of items `rows` (B,) the views `times` (B, 1): uint8 (B, 1, 3, S, S), as large as the last stage's."""
        size = self._config.stages[-1].size
        drawn = [
            draw_views(item.copy, item.key, [view % item.views], size, self._config)
            for item, view in zip((self._items[row] for row in rows.tolist()), times[:, 0].tolist(), strict=True)
        ]
        return (torch.stack(drawn) * 255).round().to(torch.uint8)[:, 0]
