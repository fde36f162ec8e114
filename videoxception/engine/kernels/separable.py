"""Both depthwise convolutions of a block in one pass over its activations."""

import triton
import triton.language as tl

from videoxception.engine.kernels.pairs import Pairs
from videoxception.engine.kernels.tiles import SeparableTiles, separable_tiles
from videoxception.engine.kernels.weights import Depthwise


def separable(pairs: Pairs, weights: Depthwise, tiles: SeparableTiles | None = None) -> None:
    """Compute the h of `pairs`: ReLU(temporal(ReLU(spatial(x)))), each with its bias and zero padding.

    The pairs' border must be half the kernel size, and the tiles' rows and block must divide height and channels.
    """
    clips, frames, height, width, channels = pairs.shape
    tiles = tiles or separable_tiles(weights.kernel, height)
    grid = (height // tiles.rows, triton.cdiv(clips * width, tiles.lanes), channels // tiles.block)
    separable_kernel[grid](
        pairs.data,
        weights.spatial,
        weights.spatial_bias,
        weights.temporal,
        weights.temporal_bias,
        clips,
        frames,
        height,
        width,
        channels,
        weights.kernel,
        tiles.rows,
        tiles.lanes,
        tiles.block,
        num_warps=tiles.warps,
        num_stages=1,
        maxnreg=tiles.registers,
    )


@triton.jit(do_not_specialize=["clips"])
def separable_kernel(
    pairs,
    spatial,
    spatial_bias,
    temporal,
    temporal_bias,
    clips,
    frames: tl.constexpr,
    height: tl.constexpr,
    width: tl.constexpr,
    channels: tl.constexpr,
    kernel: tl.constexpr,
    rows: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
):
    """Compute `rows` rows, `lanes` columns (counted through all clips) and `block` channels in each program.

    A program goes frame by frame, with the spatial results of the last k frames in registers. Rows change fastest from
    program to program, so that programs that share input rows run together.
    """
    half: tl.constexpr = kernel // 2
    pixel: tl.constexpr = (
        2 * channels
    )  # the stride from one pixel to the next; below, from line to line and image to image
    line: tl.constexpr = (width + 2 * half) * pixel
    image: tl.constexpr = (height + 2 * half) * line
    lane = tl.program_id(1) * lanes + tl.arange(0, lanes)
    channel = tl.program_id(2) * block + tl.arange(0, block)
    alive = (lane // width < clips)[:, None]
    clip = tl.minimum(lane // width, clips - 1).to(tl.int64)
    first = tl.program_id(0) * rows * line + lane % width * pixel  # the upper left tap of the first row
    here = pairs + (clip * (frames * image) + first)[:, None] + channel[None, :]
    spatial_taps = _taps(spatial + channel, kernel * kernel, channels)
    temporal_taps = _taps(temporal + channel, kernel, channels)
    spatial_start = tl.load(spatial_bias + channel)[None, :] + tl.zeros((lanes, block), tl.float32)
    temporal_start = tl.load(temporal_bias + channel)[None, :] + tl.zeros((lanes, block), tl.float32)

    nothing = ((tl.zeros((lanes, block), tl.float32),) * rows,)
    window = nothing * (kernel - 1)
    for t in tl.range(frames, loop_unroll_factor=2):
        now = ()
        for row in tl.static_range(rows):
            source = here + t * image + channels
            now = now + (_spatial(source, row, spatial_start, spatial_taps, kernel, pixel, line),)
        window = window + (now,)
        target = here + (t - half) * image + half * (line + pixel)
        for row in tl.static_range(rows):
            output = _temporal(window, row, temporal_start, temporal_taps, kernel)
            tl.store(target + row * line, output.to(pairs.dtype.element_ty), mask=alive & (t >= half))
        window = window[1:]
    for late in tl.static_range(frames - half, frames):  # the last frames, whose following frames are zeros
        window = window + nothing
        target = here + late * image + half * (line + pixel)
        for row in tl.static_range(rows):
            output = _temporal(window, row, temporal_start, temporal_taps, kernel)
            tl.store(target + row * line, output.to(pairs.dtype.element_ty), mask=alive & (late >= 0))
        window = window[1:]


@triton.jit
def _taps(first, count: tl.constexpr, channels: tl.constexpr):
    """Load `count` rows (1, block) as a tuple."""
    taps = ()
    for i in tl.static_range(count):
        taps = taps + (tl.load(first + i * channels)[None, :],)
    return taps


@triton.jit
def _spatial(source, row: tl.constexpr, start, taps, kernel: tl.constexpr, pixel: tl.constexpr, line: tl.constexpr):
    """Return one row of the spatial convolution after its ReLU, (lanes, block).

    `row` is a compile-time constant, so that loads that two rows have in common are the same expression, which the
    compiler emits once.
    """
    sums = start
    for dy in tl.static_range(kernel):
        for dx in tl.static_range(kernel):
            x = tl.load(source + ((row + dy) * line + dx * pixel))
            sums += x.to(tl.float32) * taps[dy * kernel + dx]
    return tl.maximum(sums, 0.0)


@triton.jit
def _temporal(window, row: tl.constexpr, start, taps, kernel: tl.constexpr):
    """Return one row of the temporal convolution after its ReLU, (lanes, block)."""
    sums = start
    for i in tl.static_range(kernel):
        sums += window[i][row] * taps[i]
    return tl.maximum(sums, 0.0)
