"""An inverted residual block in one pass: widened, convolved and narrowed, without writing what is widened."""

import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.activation import apply_relu6
from videoxception.engine.kernels.lite_weights import Inverted
from videoxception.engine.kernels.places import place, tap
from videoxception.engine.kernels.product import INTERPRETED, dot
from videoxception.engine.kernels.tiles import BlockTiles, block_tiles


def inverted_residual(x: Tensor, weights: Inverted, out: Tensor, tiles: BlockTiles | None = None) -> None:
    """Compute `out` (N, ceil(H / s), ceil(W / s), K) from `x` (N, H, W, C), by weights laid out for one pass."""
    _, height, width, channels = x.shape
    tiles, pixels = tiles or block_tiles(), out[..., 0].numel()
    expand, depthwise, project = weights.expand, weights.depthwise, weights.project
    inverted_residual_kernel[(triton.cdiv(pixels, tiles.lanes),)](
        x,
        expand.weight if expand else x,
        expand.bias if expand else x,
        depthwise.weight,
        depthwise.bias,
        project.weight,
        project.bias,
        out,
        pixels,
        height,
        width,
        channels,
        len(depthwise.bias),
        out.shape[-1],
        depthwise.kernel,
        depthwise.stride,
        expand is not None,
        weights.is_residual,
        tiles.lanes,
        expand.weight.shape[0] if expand else 1,
        tiles.chunk,
        len(project.bias),
        INTERPRETED,
        num_warps=tiles.warps,
        num_stages=tiles.stages,
    )


@triton.jit(do_not_specialize=["pixels"])
def inverted_residual_kernel(
    x,
    expand,
    expand_bias,
    taps,
    taps_bias,
    project,
    project_bias,
    out,
    pixels,
    height: tl.constexpr,
    width: tl.constexpr,
    channels: tl.constexpr,
    hidden: tl.constexpr,
    out_channels: tl.constexpr,
    kernel: tl.constexpr,
    stride: tl.constexpr,
    widens: tl.constexpr,
    is_residual: tl.constexpr,
    lanes: tl.constexpr,
    depth: tl.constexpr,
    chunk: tl.constexpr,
    columns: tl.constexpr,
    upcast: tl.constexpr,
):
    """Compute `lanes` pixels of all channels in each program, through `chunk` of the `hidden` channels at a time.

    Triton cannot shift a tile of widened pixels in registers. So the pixels of each tap are widened anew, by tensor
    cores, which leaves the sums of the taps and the projection in registers. Pixels outside the image are zeros after
    widening, not before. `depth` and `columns` are channels and out_channels, filled up with zeros.
    """
    out_height: tl.constexpr = (height + stride - 1) // stride
    out_width: tl.constexpr = (width + stride - 1) // stride
    pixel = tl.program_id(0) * lanes + tl.arange(0, lanes)
    alive = pixel < pixels
    image, row, column = place(pixel, out_height, out_width)
    along = tl.arange(0, depth)[None, :]
    result = tl.arange(0, columns)
    sums = tl.zeros((lanes, columns), tl.float32)
    for first in range(0, hidden, chunk):
        middle = first + tl.arange(0, chunk)
        if widens:
            matrix = tl.load(expand + tl.arange(0, depth)[:, None] * hidden + middle[None, :])
            start = tl.load(expand_bias + middle)[None, :] + tl.zeros((lanes, chunk), tl.float32)
        total = tl.load(taps_bias + middle)[None, :] + tl.zeros((lanes, chunk), tl.float32)
        for number in range(kernel * kernel):
            source, inside = tap(
                image, row, column, number // kernel, number % kernel, alive, height, width, kernel, stride
            )
            inside, begin = inside[:, None], (x + source * channels)[:, None]
            if widens:
                narrow = tl.load(begin + along, mask=inside & (along < channels), other=0.0)
                wide = apply_relu6(dot(narrow, matrix, start, upcast))
                wide = tl.where(inside, wide, 0.0)
            else:
                wide = tl.load(begin + middle[None, :], mask=inside & (middle < channels)[None, :], other=0.0)
            total += wide.to(tl.float32) * tl.load(taps + number * hidden + middle)[None, :]
        activated = apply_relu6(total).to(x.dtype.element_ty)
        narrowing = tl.load(project + middle[:, None] * columns + result[None, :])
        sums = dot(activated, narrowing, sums, upcast)
    output = sums + tl.load(project_bias + result)[None, :]
    place_out = pixel.to(tl.int64)[:, None] * out_channels + result[None, :]
    real = alive[:, None] & (result < out_channels)[None, :]
    if is_residual:
        output += tl.load(x + place_out, mask=real, other=0.0).to(tl.float32)
    tl.store(out + place_out, output.to(out.dtype.element_ty), mask=real)
