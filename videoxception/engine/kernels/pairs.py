"""The activations between two kernels."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Pairs:
    """The input x of a block and the separable convolution h of it, side by side, channels last.

    `data` (N, T, H + 2b, W + 2b, 2C): h in the first C channels, x in the last. The border b, half the size of the
    block's kernel, is zero and stays so: kernels write inside it only, and need no checks at a frame's edges.
    """

    data: Tensor
    border: int

    @classmethod
    def empty(
        cls, shape: tuple[int, int, int, int, int], border: int, dtype: torch.dtype, device: torch.device
    ) -> "Pairs":
        """Allocate zeros for (N, T, H, W, C) activations."""
        clips, frames, height, width, channels = shape
        size = (clips, frames, height + 2 * border, width + 2 * border, 2 * channels)
        return cls(torch.zeros(size, dtype=dtype, device=device), border)

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """(N, T, H, W, C)."""
        clips, frames, height, width, channels = self.data.shape
        return (clips, frames, height - 2 * self.border, width - 2 * self.border, channels // 2)

    @property
    def h(self) -> Tensor:
        """As (N, T, H, W, C), a view."""
        return self._inside[..., : self.data.shape[-1] // 2]

    @property
    def x(self) -> Tensor:
        """As (N, T, H, W, C), a view."""
        return self._inside[..., self.data.shape[-1] // 2 :]

    @property
    def _inside(self) -> Tensor:
        _, _, height, width, _ = self.shape
        return self.data[:, :, self.border : self.border + height, self.border : self.border + width]

    def first(self, count: int) -> "Pairs":
        """Return the first `count` clips, a view."""
        return Pairs(self.data[:count], self.border)
