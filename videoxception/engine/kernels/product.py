"""Products with f32 accumulation: what several kernels share."""

import triton
import triton.language as tl
from triton import knobs

INTERPRETED: bool = knobs.runtime.interpret
"""Whether Triton's interpreter runs the kernels, on a CPU: TRITON_INTERPRET=1 was set before they were imported."""


@triton.jit
def multiply(
    row_starts,
    alive,
    weight,
    column,
    depth: tl.constexpr,
    width: tl.constexpr,
    step: tl.constexpr,
    upcast: tl.constexpr,
):
    """Multiply rows (R, depth), which begin at the pointers `row_starts`, by columns of `weight` (depth, width).

    The result is f32 (R, N), summed in steps of `step`, always in the same order. Where they do not divide the depth,
    rows of zeros fill the weight up. `upcast` is that of `dot`.
    """
    along = tl.arange(0, step)
    rows = row_starts[:, None] + along[None, :]
    columns = weight + along[:, None] * width + column[None, :]
    sums = tl.zeros((row_starts.shape[0], column.shape[0]), tl.float32)
    for first in range(0, depth, step):
        if depth % step == 0:
            left = tl.load(rows, mask=alive[:, None], other=0.0)
        else:
            left = tl.load(rows, mask=alive[:, None] & (first + along < depth)[None, :], other=0.0)
        sums = dot(left, tl.load(columns), sums, upcast)
        rows += step
        columns += step * width
    return sums


@triton.jit
def dot(left, right, start, upcast: tl.constexpr):
    """Return start + left @ right, in f32; `start` may be None.

    `upcast` converts bf16 numbers to f32 first, for Triton's interpreter, whose own bf16 product is wrong; on a GPU,
    tensor cores give the same result.
    """
    if upcast:
        left, right = left.to(tl.float32), right.to(tl.float32)
    return tl.dot(left, right, start, input_precision="ieee")
