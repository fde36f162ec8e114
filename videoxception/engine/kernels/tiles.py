"""Tile sizes: how much of its work each program of a kernel does. They depend on a layer's shape, never on the batch.

They were chosen by the registers, shared memory and instructions that the compiler needs for compute capability 9.0
(docs/lab-notes/gpu.md); `python -m benchmarks.gpu.tune` times others of A's and B's kernels on a GPU.
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class FirstTiles:
    """A program of the first block computes `lanes` pooled pixels, `columns` of their channels at a time."""

    lanes: int
    columns: int
    warps: int


@dataclass(frozen=True, slots=True)
class SeparableTiles:
    """A program works on `rows` rows of `lanes` columns and `block` channels."""

    rows: int
    lanes: int
    block: int
    warps: int
    registers: int | None = None  # limit per thread


@dataclass(frozen=True, slots=True)
class ProductTiles:
    """A program multiplies `rows` rows by `columns` columns, `step` numbers of each at a time, in `stages` buffers."""

    rows: int
    columns: int
    step: int
    warps: int
    stages: int


@dataclass(frozen=True, slots=True)
class BlockTiles:
    """A program computes `lanes` pixels of an inverted residual block, `chunk` of its widened channels at a time."""

    lanes: int
    chunk: int
    warps: int
    stages: int


@dataclass(frozen=True, slots=True)
class DepthwiseTiles:
    """A program works on `lanes` pixels and `block` channels."""

    lanes: int
    block: int
    warps: int


def first_tiles(dtype: torch.dtype) -> FirstTiles:
    """Return the tiles of the first block.

    Tensor cores (bf16) work in groups of four warps; ordinary units (f32) need many registers for a product.
    """
    return FirstTiles(128, 16, 4) if dtype == torch.bfloat16 else FirstTiles(64, 64, 2)


def separable_tiles(kernel: int, height: int) -> SeparableTiles:
    """Return the tiles of the separable convolutions for a kernel size and a height.

    Four channels a thread for kernels of 3, two for those of 7, whose 56 weights a channel stay in registers.
    """
    rows = next(rows for rows in (4, 2, 1) if height % rows == 0)
    return SeparableTiles(rows, 16, 64, 8, 128) if kernel == 3 else SeparableTiles(rows, 16, 32, 8)


def product_tiles(dtype: torch.dtype, pixels: int | None = None) -> ProductTiles:
    """Return the tiles of a product; `pixels` is the number in a clip, given where a tile may not span two clips.

    Tensor cores multiply bf16; ordinary units multiply f32, and need smaller tiles.
    """
    if dtype != torch.bfloat16:
        return ProductTiles(64, 64, 16, 4, 2)
    return ProductTiles(64 if pixels is not None and pixels <= 64 else 128, 128, 64, 4, 3)


def pointwise_tiles(dtype: torch.dtype, depth: int) -> ProductTiles:
    """Return the tiles of a product over `depth` channels; steps of 32 where they leave less over than those of 64."""
    if dtype != torch.bfloat16:
        return ProductTiles(64, 64, 16, 4, 2)
    return ProductTiles(128, 64, 64 if -depth % 64 == -depth % 32 else 32, 4, 3)


def block_tiles() -> BlockTiles:
    """Return the tiles of an inverted residual block in one pass."""
    return BlockTiles(64, 32, 4, 2)


def depthwise_tiles() -> DepthwiseTiles:
    """Return the tiles of a depthwise convolution by itself."""
    return DepthwiseTiles(16, 64, 4)
