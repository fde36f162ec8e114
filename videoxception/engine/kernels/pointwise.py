"""A product across channels by itself: a 1 x 1 convolution with its bias, and ReLU6 or the block's input added."""

import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.activation import apply_relu6
from videoxception.engine.kernels.lite_weights import Matrix
from videoxception.engine.kernels.places import own_tile
from videoxception.engine.kernels.product import INTERPRETED, multiply
from videoxception.engine.kernels.tiles import ProductTiles, pointwise_tiles


def pointwise(
    x: Tensor,
    matrix: Matrix,
    out: Tensor,
    relu6: bool = False,
    added: Tensor | None = None,
    tiles: ProductTiles | None = None,
) -> None:
    """Compute `out` (N, H, W, K) from `x` (N, H, W, C); `added` has the shape of `out`."""
    tiles = tiles or pointwise_tiles(x.dtype, matrix.depth)
    pixels, filled = out[..., 0].numel(), matrix.weight.shape[1]
    pointwise_kernel[(triton.cdiv(pixels, tiles.rows) * (filled // tiles.columns),)](
        x,
        matrix.weight,
        matrix.bias,
        out if added is None else added,
        out,
        pixels,
        matrix.depth,
        matrix.width,
        filled,
        relu6,
        added is not None,
        tiles.rows,
        tiles.columns,
        tiles.step,
        INTERPRETED,
        num_warps=tiles.warps,
        num_stages=tiles.stages,
    )


@triton.jit(do_not_specialize=["pixels"])
def pointwise_kernel(
    x,
    weight,
    bias,
    added,
    out,
    pixels,
    depth: tl.constexpr,
    width: tl.constexpr,
    filled: tl.constexpr,
    relu6: tl.constexpr,
    adds: tl.constexpr,
    rows: tl.constexpr,
    columns: tl.constexpr,
    step: tl.constexpr,
    upcast: tl.constexpr,
):
    """Compute `columns` channels of `rows` pixels in each program. `filled` is the width with columns of zeros."""
    tile, column = own_tile(filled // columns, columns)
    pixel = (tile * rows + tl.arange(0, rows)).to(tl.int64)
    alive = pixel < pixels
    output = multiply(x + pixel * depth, alive, weight, column, depth, filled, step, upcast)
    output += tl.load(bias + column)[None, :]
    place = pixel[:, None] * width + column[None, :]
    real = alive[:, None] & (column < width)[None, :]
    if relu6:
        output = apply_relu6(output)
    if adds:
        output += tl.load(added + place, mask=real, other=0.0).to(tl.float32)
    tl.store(out + place, output.to(out.dtype.element_ty), mask=real)
