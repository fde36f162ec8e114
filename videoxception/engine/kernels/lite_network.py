"""The sequence of kernels of an EfficientNet-Lite over clips (types C and D), from bytes to logits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import prod

import torch
from torch import Tensor, nn

from videoxception.engine.kernels.depthwise import depthwise
from videoxception.engine.kernels.head import head
from videoxception.engine.kernels.inverted_residual import inverted_residual
from videoxception.engine.kernels.lite_weights import Inverted, in_one_pass, lite_weights_of
from videoxception.engine.kernels.pairs import Pairs
from videoxception.engine.kernels.pointwise import pointwise
from videoxception.engine.kernels.product_mean import empty_sums, product_mean
from videoxception.engine.kernels.stem import stem
from videoxception.nets.efficientnet_lite import STEM, TOP, MBConv
from videoxception.nets.fused_norms import FusedVideoXceptionC

Size = tuple[int, int, int]
"""(H, W, C) of activations."""


@dataclass(frozen=True, slots=True)
class BlockSizes:
    """What a block writes: `wide` and `convolved` only if it is not computed in one pass."""

    wide: Size
    convolved: Size
    out: Size


class LiteNetwork:
    """A network with fused batch norms, ready for up to `capacity` clips at a time, with buffers between its kernels.

    Activations lie channels last, (B*F, H, W, C). Raises `ValueError` for a network that the kernels were not written
    for.
    """

    def __init__(
        self,
        net: FusedVideoXceptionC,
        shape: tuple[int, int, int, int],
        capacity: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        check_lite(net)
        self.capacity = capacity
        self._weights = lite_weights_of(net, dtype, device)
        self._auxiliary = net.auxiliary
        self.outputs = len(net.net.head.bias) - max(net.auxiliary - 1, 0)  # the auxiliary classes are one output
        self._frames = shape[0]
        self._sizes = list(_block_sizes(net, shape))

        def empty(*size: int) -> Tensor:
            return torch.empty(capacity * self._frames, *size, dtype=dtype, device=device)

        self._stem = empty(*_stem_size(shape))
        self._outs = [empty(*sizes.out) for sizes in self._sizes]
        self._wide, self._convolved = (empty(size) for size in _inner(self._sizes))
        self._pixels = self._frames * prod(self._sizes[-1].out[:2])
        self._sums = empty_sums(capacity, self._pixels, TOP, dtype, device)

    def run(self, frames: Tensor, logits: Tensor) -> None:
        """Compute `logits` f32 (B, outputs) from clips uint8 (B, F, H, W, 3), on the current stream; B <= capacity."""
        for step in self.steps(frames, logits):
            step()

    def steps(self, frames: Tensor, logits: Tensor) -> list[Callable[[], None]]:
        """Return the kernel launches of `run`, in order."""
        weights, clips = self._weights, len(frames)
        images = frames.flatten(0, 1)
        x = self._stem[: len(images)]
        steps: list[Callable[[], None]] = [partial(stem, images, weights.stem, x)]
        for block, sizes, buffer in zip(weights.blocks, self._sizes, self._outs, strict=True):
            out = buffer[: len(images)]
            wide, convolved = _view(self._wide, len(x), sizes.wide), _view(self._convolved, len(x), sizes.convolved)
            steps += block_steps(x, block, wide, convolved, out)
            x = out
        rows, sums = Pairs(x.view(clips, self._frames, *x.shape[1:]), border=0), self._sums[:clips]
        steps.append(partial(product_mean, rows, weights.top.weight, weights.top.bias, sums, relu6=True))
        steps.append(partial(head, sums, self._pixels, weights.head, weights.head_bias, self._auxiliary, logits))
        return steps


def block_steps(
    x: Tensor, block: Inverted, wide: Tensor, convolved: Tensor, out: Tensor
) -> Iterator[Callable[[], None]]:
    """Yield the launches of a block: one, or else three, which write `wide` and `convolved` before `out`."""
    if block.in_one_pass:
        yield partial(inverted_residual, x, block, out)
        return
    if block.expand is not None:
        yield partial(pointwise, x, block.expand, wide, relu6=True)
    yield partial(depthwise, wide if block.expand is not None else x, block.depthwise, convolved)
    yield partial(pointwise, convolved, block.project, out, added=x if block.is_residual else None)


def lite_bytes_a_clip(net: FusedVideoXceptionC, shape: tuple[int, int, int, int], dtype: torch.dtype) -> int:
    """Return the bytes of activations that `LiteNetwork` allocates for each clip of its capacity."""
    sizes = list(_block_sizes(net, shape))
    numbers = prod(_stem_size(shape)) + sum(prod(each.out) for each in sizes) + sum(_inner(sizes))
    return shape[0] * numbers * dtype.itemsize


def check_lite(net: nn.Module) -> FusedVideoXceptionC:
    """Return the network. Raises `ValueError` unless the kernels can run it."""
    if not isinstance(net, FusedVideoXceptionC):
        raise ValueError(f"the kernels are for VideoXception C and D, but got {type(net).__name__}")
    if any(block.temporal is not None for block in _blocks(net)):
        raise ValueError("the kernels are for VideoXception C and D without convolutions over time")
    return net


def _block_sizes(net: FusedVideoXceptionC, shape: tuple[int, int, int, int]) -> Iterator[BlockSizes]:
    height, width, _ = _stem_size(shape)
    for block in _blocks(net):
        stride, one_pass = block.spec.stride, in_one_pass(block.spec)
        wide = (height, width, 0 if one_pass else block.hidden)
        height, width = -(-height // stride), -(-width // stride)
        convolved = (height, width, 0 if one_pass else block.hidden)
        yield BlockSizes(wide, convolved, (height, width, block.spec.out_channels))


def _stem_size(shape: tuple[int, int, int, int]) -> Size:
    return -(-shape[1] // 2), -(-shape[2] // 2), STEM


def _inner(sizes: list[BlockSizes]) -> tuple[int, int]:
    """Return the numbers an image of the largest `wide` and `convolved`, whose buffers all blocks share."""
    return max(prod(each.wide) for each in sizes), max(prod(each.convolved) for each in sizes)


def _view(buffer: Tensor, images: int, size: Size) -> Tensor:
    """Return the beginning of a buffer as (images, *size)."""
    return buffer.flatten()[: images * prod(size)].view(images, *size)


def _blocks(net: FusedVideoXceptionC) -> list[MBConv]:
    return [block for block in net.net.blocks if isinstance(block, MBConv)]
