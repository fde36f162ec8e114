"""The part that both products share: rows of pairs times a matrix, with f32 accumulation."""

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
    rows of zeros fill the weight up. `upcast` converts bf16 numbers to f32 first, for Triton's interpreter, whose own
    bf16 product is wrong; on a GPU, tensor cores give the same result.
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
        right = tl.load(columns)
        if upcast:
            left, right = left.to(tl.float32), right.to(tl.float32)
        sums = tl.dot(left, right, sums, input_precision="ieee")
        rows += step
        columns += step * width
    return sums
