"""The whole first block, from bytes to pooled activations: three channels are too few for the other kernels."""

import triton
import triton.language as tl
from torch import Tensor

from videoxception.engine.kernels.pairs import Pairs
from videoxception.engine.kernels.places import place
from videoxception.engine.kernels.product import INTERPRETED, dot
from videoxception.engine.kernels.tiles import FirstTiles, first_tiles
from videoxception.engine.kernels.weights import First


def first_block(clip_bytes: Tensor, weights: First, pooled: Pairs, tiles: FirstTiles | None = None) -> None:
    """Compute the x of `pooled` (N, T, H // 2, W // 2, K) from `clip_bytes` uint8 (N, T, H, W, 3)."""
    tiles = tiles or first_tiles(weights.weight.dtype)
    clips, frames, height, width, _ = clip_bytes.shape
    pixels = clips * (height // 2) * (width // 2)
    first_block_kernel[(triton.cdiv(pixels, tiles.lanes),)](
        clip_bytes,
        weights.affine,
        weights.affine_bias,
        weights.depthwise.spatial,
        weights.depthwise.spatial_bias,
        weights.depthwise.temporal,
        weights.depthwise.temporal_bias,
        weights.weight,
        weights.bias,
        pooled.data,
        pixels,
        frames,
        height,
        width,
        pooled.border,
        weights.weight.shape[1],
        weights.depthwise.kernel,
        tiles.lanes,
        tiles.columns,
        INTERPRETED,
        num_warps=tiles.warps,
        num_stages=1,
    )


@triton.jit(do_not_specialize=["pixels"])
def first_block_kernel(
    clip_bytes,
    affine,
    affine_bias,
    spatial,
    spatial_bias,
    temporal,
    temporal_bias,
    weight,
    bias,
    pooled,
    pixels,
    frames: tl.constexpr,
    height: tl.constexpr,
    width: tl.constexpr,
    border: tl.constexpr,
    channels: tl.constexpr,
    kernel: tl.constexpr,
    lanes: tl.constexpr,
    columns: tl.constexpr,
    upcast: tl.constexpr,
):
    """Compute `lanes` of the `pixels` pooled pixels (of one frame of all clips) in each program, frame after frame.

    Each pooled pixel covers four pixels, whose three channels are separate numbers in registers. Only the product
    across channels is a matrix product: of rows (h, x, zeros), 16 long, the size that tensor cores take.
    """
    half: tl.constexpr = kernel // 2
    pooled_height: tl.constexpr = height // 2
    pooled_width: tl.constexpr = width // 2
    line: tl.constexpr = (pooled_width + 2 * border) * 2 * channels
    image: tl.constexpr = (pooled_height + 2 * border) * line
    pixel = tl.program_id(0) * lanes + tl.arange(0, lanes)
    alive = pixel < pixels
    clip, y, x = place(pixel, pooled_height, pooled_width)
    source = clip_bytes + clip * (frames * height * width * 3) + (2 * y * width + 2 * x) * 3
    column = tl.arange(0, columns)
    within = (y + border) * line + (x + border) * (2 * channels) + channels
    target = (pooled + clip * (frames * image) + within)[:, None] + column[None, :]
    mix = _constants(affine, 9) + _constants(affine_bias, 3)
    spatial_taps = _constants(spatial, 3 * kernel * kernel)
    spatial_biases = _constants(spatial_bias, 3)
    temporal_taps = _constants(temporal, 3 * kernel)
    temporal_biases = _constants(temporal_bias, 3)
    matrices, biases = (), ()
    for part in tl.static_range(channels // columns):
        matrices = matrices + (
            tl.load(weight + tl.arange(0, 16)[:, None] * channels + part * columns + column[None, :]),
        )
        biases = biases + (tl.load(bias + part * columns + column)[None, :],)

    nothing = tl.zeros((lanes,), tl.float32)
    blank = ((nothing,) * 3,) * 4  # three channels at each of the four pixels
    window = (blank,) * (kernel - 1)  # spatial results of the last frames
    inputs = (blank,) * half  # the network's input at the last frames
    for t in range(frames + half):
        frame = source + t * (height * width * 3)
        present = alive & (t < frames)
        now, seen = (), ()
        for q in tl.static_range(4):
            sums, centre = _spatial(frame, present, y, x, q // 2, q % 2, mix, spatial_taps, height, width, kernel)
            now = now + (_activate(sums, spatial_biases, present),)
            seen = seen + (centre,)
        window, inputs = window + (now,), inputs + (seen,)
        rows = ()
        for q in tl.static_range(4):
            h = _activate(_temporal(window, q, temporal_taps, kernel), temporal_biases, alive)
            rows = rows + (_row(h, inputs[0][q]).to(pooled.dtype.element_ty),)
        for part in tl.static_range(channels // columns):
            best = dot(rows[0], matrices[part], None, upcast)
            for q in tl.static_range(1, 4):
                best = tl.maximum(best, dot(rows[q], matrices[part], None, upcast))
            output = tl.maximum(best + biases[part], 0.0).to(pooled.dtype.element_ty)
            out = target + (t - half) * image + part * columns
            tl.store(out, output, mask=(alive & (t >= half))[:, None])
        window, inputs = window[1:], inputs[1:]


@triton.jit
def _constants(first, count: tl.constexpr):
    """Load `count` numbers as a tuple."""
    numbers = ()
    for i in tl.static_range(count):
        numbers = numbers + (tl.load(first + i),)
    return numbers


@triton.jit
def _spatial(
    frame,
    alive,
    y,
    x,
    down: tl.constexpr,
    right: tl.constexpr,
    mix,
    taps,
    height: tl.constexpr,
    width: tl.constexpr,
    kernel: tl.constexpr,
):
    """Return the spatial convolution, without bias, and its input, three channels each, at (2y + down, 2x + right).

    Loads that the four pixels have in common are the same expression, which the compiler emits once.
    """
    half: tl.constexpr = kernel // 2
    sums = (tl.zeros(y.shape, tl.float32),) * 3
    centre = sums
    for dy in tl.static_range(kernel):
        for dx in tl.static_range(kernel):
            colours = _colours(frame, alive, y, x, down + dy - half, right + dx - half, mix, height, width)
            if dy == half and dx == half:
                centre = colours
            sums = (
                sums[0] + colours[0] * taps[3 * (dy * kernel + dx)],
                sums[1] + colours[1] * taps[3 * (dy * kernel + dx) + 1],
                sums[2] + colours[2] * taps[3 * (dy * kernel + dx) + 2],
            )
    return sums, centre


@triton.jit
def _colours(
    frame, alive, y, x, down: tl.constexpr, right: tl.constexpr, mix, height: tl.constexpr, width: tl.constexpr
):
    """Return the network's input at a pixel: three channels; zeros outside the frame."""
    inside = alive & (2 * y + down >= 0) & (2 * y + down < height) & (2 * x + right >= 0) & (2 * x + right < width)
    first = frame + (down * width + right) * 3
    red = tl.load(first, mask=inside, other=0).to(tl.float32)
    green = tl.load(first + 1, mask=inside, other=0).to(tl.float32)
    blue = tl.load(first + 2, mask=inside, other=0).to(tl.float32)
    return (
        tl.where(inside, mix[0] * red + mix[1] * green + mix[2] * blue + mix[9], 0.0),
        tl.where(inside, mix[3] * red + mix[4] * green + mix[5] * blue + mix[10], 0.0),
        tl.where(inside, mix[6] * red + mix[7] * green + mix[8] * blue + mix[11], 0.0),
    )


@triton.jit
def _activate(sums, biases, present):
    """Return the ReLU of three channels plus their biases; zeros where there is no frame."""
    return (
        tl.where(present, tl.maximum(sums[0] + biases[0], 0.0), 0.0),
        tl.where(present, tl.maximum(sums[1] + biases[1], 0.0), 0.0),
        tl.where(present, tl.maximum(sums[2] + biases[2], 0.0), 0.0),
    )


@triton.jit
def _temporal(window, q: tl.constexpr, taps, kernel: tl.constexpr):
    """Return the temporal convolution's three channels at pixel q of four."""
    sums = (window[0][q][0] * taps[0], window[0][q][1] * taps[1], window[0][q][2] * taps[2])
    for i in tl.static_range(1, kernel):
        sums = (
            sums[0] + window[i][q][0] * taps[3 * i],
            sums[1] + window[i][q][1] * taps[3 * i + 1],
            sums[2] + window[i][q][2] * taps[3 * i + 2],
        )
    return sums


@triton.jit
def _row(h, x):
    """Join h, x and zeros into rows (lanes, 16). The last join becomes the lowest bit of the column's index."""
    nothing = tl.zeros(h[0].shape, tl.float32)
    even = tl.join(_quad(h[0], nothing, x[1], nothing), _quad(h[2], nothing, nothing, nothing))
    odd = tl.join(_quad(h[1], nothing, x[2], nothing), _quad(x[0], nothing, nothing, nothing))
    return tl.reshape(tl.join(even, odd), (h[0].shape[0], 16))


@triton.jit
def _quad(a, b, c, d):
    """Join columns 0, 8, 4 and 12, counted from the first, into (lanes, 2, 2)."""
    return tl.join(tl.join(a, b), tl.join(c, d))
