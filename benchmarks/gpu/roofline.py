"""The roofline limit of a clip: for each kernel, its bytes over the bandwidth or its operations over their rate.

Bytes count each activation that a kernel reads or writes once, in bf16, and frames as bytes. Weights, borders and
repeated reads are left out, as are operations of the depthwise convolutions, which do not run on tensor cores.
Of C and D, three are shown: each block in one pass at best, each as its convolutions, and the kernels that there are.
Where those compute a block in one pass, they widen it again for each tap: all that tensor cores and other units do for
it is counted.

    python -m benchmarks.gpu.roofline
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from videoxception.engine.kernels.lite_weights import in_one_pass
from videoxception.nets.efficientnet_lite import LITE0, LITE2, STEM, TOP, BlockSpec, block_specs

BANDWIDTH = 4.3e12  # bytes a second, as measured on an H200 by a copy on the device
RATE = 790e12  # bf16 operations a second, likewise by a large matrix product
ORDINARY = 132 * 128 * 1.755e9  # operations a second of an H200's other units, by its data sheet
WIDTHS = {"a": (64, 128, 256, 512), "b": (64, 128, 256, 512, 512, 1024, 1024)}
_FRAMES, _SIZE = 10, 128
_TAP = 4  # operations of a widened number at a tap: two of ReLU6, one at the border, a multiplication with addition
_LITE = {"c": (LITE0, 10, 128), "d": (LITE2, 5, 260)}  # network, frames, side


@dataclass(frozen=True, slots=True)
class Work:
    """A kernel's memory traffic for one clip, and its operations on tensor cores and on other units."""

    name: str
    bytes: float
    operations: float = 0.0
    ordinary: float = 0.0

    @property
    def limit(self) -> float:
        """The least seconds for one clip."""
        return max(self.bytes / BANDWIDTH, self.operations / RATE, self.ordinary / ORDINARY)


def work(kind: str) -> Iterator[Work]:
    """Yield the kernels of type `kind` in launch order, without the head, whose cost is negligible."""
    return lite_work(kind, in_one_pass, again=True) if kind in _LITE else _work(kind)


def _work(kind: str) -> Iterator[Work]:
    widths, pixels = WIDTHS[kind], _FRAMES * _SIZE**2
    yield Work("first_block", pixels * 3 + pixels / 4 * widths[0] * 2, 2 * pixels * 6 * widths[0])
    for number, (before, after) in enumerate(pairwise(widths), 2):
        pixels //= 4
        last = number == len(widths)
        yield Work(f"separable {number}", 2 * pixels * before * 2)
        written = 0 if last else pixels / 4 * after * 2
        name = f"product_{'mean' if last else 'pool'} {number}"
        yield Work(name, pixels * 2 * before * 2 + written, 2 * pixels * 2 * before * after)


def lite_work(kind: str, one_pass: Callable[[BlockSpec], bool], again: bool = False) -> Iterator[Work]:
    """Yield the kernels of type C or D in launch order, without the head.

    Args:
        kind: "c" or "d".
        one_pass: Says whether a block is one kernel, or one for each of its convolutions.
        again: Count what is widened again for each tap in one pass.
    """
    _, frames, size = _LITE[kind]
    pixels, channels = frames * math.ceil(size / 2) ** 2, STEM
    yield Work("stem", frames * size**2 * 3 + pixels * STEM * 2, 2 * pixels * 27 * STEM)
    for number, (spec, before, after) in enumerate(lite_blocks(kind), 1):
        parts = in_one(spec, before, after, again) if one_pass(spec) else by_convolutions(spec, before, after)
        yield from (replace(each, name=f"{each.name} {number}") for each in parts)
        pixels, channels = after, spec.out_channels
    yield Work("product_mean", pixels * channels * 2, 2 * pixels * channels * TOP)


def lite_blocks(kind: str) -> Iterator[tuple[BlockSpec, int, int]]:
    """Yield the blocks of type C or D, each with the pixels of a clip before and after it."""
    variant, frames, size = _LITE[kind]
    size = math.ceil(size / 2)
    for spec in block_specs(variant):
        before, size = size, math.ceil(size / spec.stride)
        yield spec, frames * before**2, frames * size**2


def in_one(spec: BlockSpec, pixels: int, out_pixels: int, again: bool) -> list[Work]:
    """Return what one kernel reads, writes and computes for a block."""
    *expand, _, project = by_convolutions(spec, pixels, out_pixels)
    taps = out_pixels * spec.kernel_size**2
    widened = sum(each.operations for each in expand) * (taps / pixels if again else 1)
    ordinary = _TAP * taps * spec.in_channels * spec.expansion if again and expand else 0
    read_and_written = (pixels * spec.in_channels + out_pixels * spec.out_channels) * 2
    return [Work("inverted_residual", read_and_written, widened + project.operations, ordinary)]


def by_convolutions(spec: BlockSpec, pixels: int, out_pixels: int) -> list[Work]:
    """Return what a block's convolutions read and write, each by itself; a block that does not widen has two."""
    hidden = spec.in_channels * spec.expansion
    expand = Work("pointwise", pixels * (spec.in_channels + hidden) * 2, 2 * pixels * spec.in_channels * hidden)
    depthwise = Work("depthwise", (pixels + out_pixels) * hidden * 2)
    project = Work(
        "pointwise", out_pixels * (hidden + spec.out_channels) * 2, 2 * out_pixels * hidden * spec.out_channels
    )
    return [depthwise, project] if spec.expansion == 1 else [expand, depthwise, project]


def limit(kind: str) -> float:
    """Return the seconds a clip: the sum of the kernels' limits."""
    return total(work(kind))


def total(kernels: Iterable[Work]) -> float:
    """Return the seconds a clip of kernels that run one after the other."""
    return sum(each.limit for each in kernels)


def main() -> None:
    """Print the limits as tables."""
    print("| type | kernel | MB | GFLOP | limit, us a clip |")
    print("| --- | --- | --- | --- | --- |")
    for kind in WIDTHS:
        _print(kind, list(work(kind)))
    for kind in _LITE:
        print()
        _print_blocks(kind)
        print()
        _print(f"{kind}, a block in one pass", list(lite_work(kind, lambda spec: True)))
        _print(f"{kind}, by convolutions", list(lite_work(kind, lambda spec: False)))
        _print(kind, list(work(kind)))


def _print_blocks(kind: str) -> None:
    """Print what each block costs by its convolutions, and in one pass that widens it again for each tap."""
    print("| block | channels | kernel, stride | pixels | MB | in one | GFLOP | in one | us | in one | runs as |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for number, (spec, before, after) in enumerate(lite_blocks(kind), 1):
        ways = by_convolutions(spec, before, after), in_one(spec, before, after, again=True)
        sums = (
            [f"{sum(each.bytes for each in way) / 1e6:.2f}" for way in ways],
            [f"{sum(each.operations for each in way) / 1e9:.2f}" for way in ways],
            [f"{total(way) * 1e6:.2f}" for way in ways],
        )
        form = "one kernel" if in_one_pass(spec) else f"{len(ways[0])} kernels"
        about = f"{spec.in_channels} to {spec.out_channels} | {spec.kernel_size}, {spec.stride} | {before:,}"
        print(f"| {number} | {about} | {' | '.join(' | '.join(pair) for pair in sums)} | {form} |")


def _print(kind: str, kernels: Sequence[Work]) -> None:
    for each in kernels:
        figures = f"{each.bytes / 1e6:.2f} | {each.operations / 1e9:.2f} | {each.limit * 1e6:.2f}"
        print(f"| {kind} | {each.name} | {figures} |")
    sums = f"{sum(each.bytes for each in kernels) / 1e6:.1f} | {sum(each.operations for each in kernels) / 1e9:.1f}"
    print(f"| {kind} | all | {sums} | {total(kernels) * 1e6:.1f}, {1 / total(kernels):,.0f} clips/s |")


if __name__ == "__main__":
    main()
