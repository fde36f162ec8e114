"""The sequence of kernels: a VideoXception with fused batch norms, from bytes to logits."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from videoxception.engine.kernels.first_block import first_block
from videoxception.engine.kernels.head import head
from videoxception.engine.kernels.pairs import Pairs
from videoxception.engine.kernels.product_mean import empty_sums, product_mean
from videoxception.engine.kernels.product_pool import product_pool
from videoxception.engine.kernels.separable import separable
from videoxception.engine.kernels.weights import weights_of
from videoxception.nets.fused_norms import FusedVideoXception
from videoxception.nets.videoxception import ResidualBlock

_WIDTH = 128  # of which every block's output channels are a multiple, except the first block's
_FIRST_WIDTH = 64


class FusedNetwork:
    """A network with fused batch norms, ready for up to `capacity` clips at a time, with buffers between its kernels.

    Raises `ValueError` for a network or a clip that the kernels were not written for.
    """

    def __init__(
        self,
        net: FusedVideoXception,
        shape: tuple[int, int, int, int],
        capacity: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        check_supported(net, shape)
        self.capacity = capacity
        self._weights = weights_of(net, dtype, device)
        self._auxiliary = net.auxiliary
        self.outputs = len(net.head.bias) - max(net.auxiliary - 1, 0)  # the auxiliary classes are one output
        frames, height, width, _ = shape
        self._pairs: list[Pairs] = []  # one for each block but the first
        for block in self._weights.blocks:
            height, width = height // 2, width // 2
            size = (capacity, frames, height, width, block.weight.shape[0] // 2)
            self._pairs.append(Pairs.empty(size, block.depthwise.kernel // 2, dtype, device))
        self._pixels = frames * height * width
        self._sums = empty_sums(capacity, self._pixels, self._weights.head.shape[1], dtype, device)

    def run(self, frames: Tensor, logits: Tensor) -> None:
        """Compute `logits` f32 (B, outputs) from clips uint8 (B, F, H, W, 3), on the current stream; B <= capacity."""
        for step in self.steps(frames, logits):
            step()

    def steps(self, frames: Tensor, logits: Tensor) -> list[Callable[[], None]]:
        """Return the kernel launches of `run`, in order."""
        weights, count = self._weights, len(frames)
        pairs, sums = [pair.first(count) for pair in self._pairs], self._sums[:count]
        steps: list[Callable[[], None]] = [partial(first_block, frames, weights.first, pairs[0])]
        for pair, following, block in zip(pairs, pairs[1:], weights.blocks, strict=False):
            steps.append(partial(separable, pair, block.depthwise))
            steps.append(partial(product_pool, pair, block.weight, block.bias, following))
        last = weights.blocks[-1]
        steps.append(partial(separable, pairs[-1], last.depthwise))
        steps.append(partial(product_mean, pairs[-1], last.weight, last.bias, sums))
        steps.append(partial(head, sums, self._pixels, weights.head, weights.head_bias, self._auxiliary, logits))
        return steps


def bytes_a_clip(net: FusedVideoXception, shape: tuple[int, int, int, int], dtype: torch.dtype) -> int:
    """Return the bytes of activations that `FusedNetwork` allocates for each clip of its capacity."""
    frames, height, width, _ = shape
    total = 0
    for block in _residual_blocks(net)[1:]:
        height, width = height // 2, width // 2
        border = block.separable.spatial.padding[1]
        pixels = frames * (height + 2 * int(border)) * (width + 2 * int(border))
        total += pixels * 2 * block.shortcut.in_channels * dtype.itemsize
    return total


def check_supported(net: nn.Module, shape: tuple[int, int, int, int]) -> FusedVideoXception:
    """Return the network. Raises `ValueError` unless the kernels can run it on clips of this shape (F, H, W, 3)."""
    if not isinstance(net, FusedVideoXception):
        raise ValueError(f"the kernels are for VideoXception, but got {type(net).__name__}")
    first, *rest = _residual_blocks(net)
    if not rest or first.shortcut.out_channels != _FIRST_WIDTH or any(b.shortcut.out_channels % _WIDTH for b in rest):
        widths = [block.shortcut.out_channels for block in (first, *rest)]
        raise ValueError(f"widths must be {_FIRST_WIDTH} and then multiples of {_WIDTH}, but got {widths}")
    if min(shape[1:3]) >> len(rest) == 0:
        raise ValueError(f"{shape[1]} x {shape[2]} pixels vanish in {len(rest)} poolings")
    return net


def _residual_blocks(net: FusedVideoXception) -> list[ResidualBlock]:
    return [block for block in net.blocks if isinstance(block, ResidualBlock)]
