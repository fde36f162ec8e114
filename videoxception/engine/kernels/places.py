"""Where pixels and channels lie: what several kernels share."""

import triton
import triton.language as tl


@triton.jit
def own_tile(blocks: tl.constexpr, size: tl.constexpr):
    """Return the number of a program's tile of pixels, and its `size` channels, which are one of `blocks` blocks.

    Channels change fastest from program to program, so that those that share pixels run together.
    """
    program = tl.program_id(0)
    return program // blocks, program % blocks * size + tl.arange(0, size)


@triton.jit
def place(pixel, height: tl.constexpr, width: tl.constexpr):
    """Return (image, y, x) of pixel numbers that run through images of height x width; `image` is int64."""
    return (pixel // (height * width)).to(tl.int64), pixel // width % height, pixel % width


@triton.jit
def tap(
    image, y, x, dy, dx, alive, height: tl.constexpr, width: tl.constexpr, kernel: tl.constexpr, stride: tl.constexpr
):
    """Return the numbers of the input pixels at tap (dy, dx) of outputs at (y, x), and whether there is such a pixel.

    Zeros surround an image by TensorFlow's rule "same": an odd one comes below and to the right.
    """
    above: tl.constexpr = _before(height, kernel, stride)
    left: tl.constexpr = _before(width, kernel, stride)
    row, column = y * stride + dy - above, x * stride + dx - left
    inside = alive & (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return (image * height + row) * width + column, inside


@triton.constexpr_function
def _before(size, kernel, stride):
    """Return how many zeros come before `size` pixels."""
    return max(((size + stride - 1) // stride - 1) * stride + kernel - size, 0) // 2
