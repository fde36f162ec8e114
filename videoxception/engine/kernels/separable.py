"""Both depthwise convolutions of a block in one pass over its activations."""

import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.tiles import SeparableTiles, separable_tiles
from videoxception.engine.kernels.weights import Depthwise


def separable(pairs: Tensor, weights: Depthwise, tiles: SeparableTiles | None = None) -> None:
    """Writes h into the first half of the channels of `pairs` (N, T, H, W, 2C), of the x in the last half.

    h = ReLU(temporal(ReLU(spatial(x)))), each with its bias; beyond the edges of space and time there are zeros.
    """
    clips, pictures, height, width, channels = pairs.shape
    kernel = weights.kernel
    tiles = tiles or separable_tiles(kernel, height)
    grid = (
        triton.cdiv(height, tiles.rows),
        triton.cdiv(clips * width, tiles.lanes),
        triton.cdiv(channels // 2, tiles.block),
    )
    separable_kernel[grid](
        pairs,
        weights.spatial,
        weights.spatial_bias,
        weights.temporal,
        weights.temporal_bias,
        clips,
        pictures,
        height,
        width,
        channels // 2,
        kernel,
        tiles.rows,
        tiles.lanes,
        tiles.block,
        num_warps=tiles.warps,
        num_stages=1,
    )


@triton.jit(do_not_specialize=["clips"])
def separable_kernel(
    pairs,
    spatial,
    spatial_bias,
    temporal,
    temporal_bias,
    clips,
    pictures: tl.constexpr,
    height: tl.constexpr,
    width: tl.constexpr,
    channels: tl.constexpr,
    kernel: tl.constexpr,
    rows: tl.constexpr,
    lanes: tl.constexpr,
    block: tl.constexpr,
):
    """A program works on `rows` rows of `lanes` columns (those of all clips in a line) and `block` channels.

    It walks through time with the last k pictures of spatial results in registers. `rows` change fastest from program
    to program, so that those that share rows run together.
    """
    half: tl.constexpr = kernel // 2
    first_row = tl.program_id(0) * rows
    lane = tl.program_id(1) * lanes + tl.arange(0, lanes)
    channel = tl.program_id(2) * block + tl.arange(0, block)
    clip, column = lane // width, lane % width
    alive = clip < clips
    start = clip.to(tl.int64) * (pictures * height * width * 2 * channels) + column * (2 * channels)
    here = pairs + start[:, None] + channel[None, :]
    spatial_taps = _taps(spatial + channel, kernel * kernel, channels)
    temporal_taps = _taps(temporal + channel, kernel, channels)
    spatial_bias_here = tl.load(spatial_bias + channel)[None, :]
    temporal_bias_here = tl.load(temporal_bias + channel)[None, :]

    nothing = tl.zeros((lanes, block), tl.float32)
    window = ((nothing,) * rows,) * (kernel - 1)
    for t in range(pictures):
        picture = here + t * (height * width * 2 * channels)
        now = ()
        for row in tl.static_range(rows):
            sums = _spatial(
                picture + channels, alive, column, first_row, row, spatial_taps, height, width, channels, kernel
            )
            now = now + (tl.maximum(sums + spatial_bias_here, 0.0),)
        window = window + (now,)
        for row in tl.static_range(rows):
            y = first_row + row
            target = picture + (y - half * height) * (width * 2 * channels)
            mask = alive & (y < height) & (t >= half)
            _write(target, mask, window, row, temporal_taps, temporal_bias_here, kernel)
        window = window[1:]
    for late in tl.static_range(half):  # the last pictures have no pictures behind them
        window = window + ((nothing,) * rows,)
        t = pictures - half + late
        for row in tl.static_range(rows):
            y = first_row + row
            target = here + (t * height + y) * (width * 2 * channels)
            mask = alive & (y < height) & (t >= 0)
            _write(target, mask, window, row, temporal_taps, temporal_bias_here, kernel)
        window = window[1:]


@triton.jit
def _taps(first, count: tl.constexpr, channels: tl.constexpr):
    """A tuple of `count` rows (1, block)."""
    taps = ()
    for i in tl.static_range(count):
        taps = taps + (tl.load(first + i * channels)[None, :],)
    return taps


@triton.jit
def _spatial(
    picture,
    alive,
    column,
    first_row,
    row: tl.constexpr,
    taps,
    height: tl.constexpr,
    width: tl.constexpr,
    channels: tl.constexpr,
    kernel: tl.constexpr,
):
    """One row of the spatial convolution, (lanes, block), without its bias.

    `row` is known when this is compiled, so that loads that two rows have in common are the same expression, which
    the compiler does once.
    """
    sums = tl.zeros(picture.shape, tl.float32)
    for dy in tl.static_range(-(kernel // 2), kernel // 2 + 1):
        y = first_row + (row + dy)
        for dx in tl.static_range(-(kernel // 2), kernel // 2 + 1):
            inside = alive & (column + dx >= 0) & (column + dx < width) & (y >= 0) & (y < height)
            x = tl.load(picture + (y * width + dx) * (2 * channels), mask=inside[:, None], other=0.0)
            sums += x.to(tl.float32) * taps[(dy + kernel // 2) * kernel + dx + kernel // 2]
    return sums


@triton.jit
def _write(target, mask, window, row: tl.constexpr, taps, bias, kernel: tl.constexpr):
    """Convolves the window over time and writes one row (lanes, block)."""
    sums = window[0][row] * taps[0]
    for i in tl.static_range(1, kernel):
        sums += window[i][row] * taps[i]
    tl.store(target, tl.maximum(sums + bias, 0.0).to(target.dtype.element_ty), mask=mask[:, None])
