"""The roofline limit of a clip: for each kernel, its bytes over the bandwidth or its operations over their rate.

Bytes count each activation that a kernel reads or writes once, in bf16, and frames as bytes. Weights, borders and
repeated reads are left out, as are operations of the depthwise convolutions, which do not run on tensor cores.
Of C and D, for which there are no kernels yet, both are shown: a block in one pass, and as the three convolutions that
PyTorch's kernels make of it.

    python -m benchmarks.gpu.roofline
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from videoxception.nets.efficientnet_lite import LITE0, LITE2, STEM, TOP, BlockSpec, block_specs

BANDWIDTH = 4.3e12  # bytes a second, as measured on an H200 by a copy on the device
RATE = 790e12  # bf16 operations a second, likewise by a large matrix product
WIDTHS = {"a": (64, 128, 256, 512), "b": (64, 128, 256, 512, 512, 1024, 1024)}
_FRAMES, _SIZE = 10, 128
_LITE = {"c": (LITE0, 10, 128), "d": (LITE2, 5, 260)}  # network, frames, side


@dataclass(frozen=True, slots=True)
class Work:
    """A kernel's memory traffic and operations for one clip."""

    name: str
    bytes: float
    operations: float = 0.0

    @property
    def limit(self) -> float:
        """The least seconds for one clip."""
        return max(self.bytes / BANDWIDTH, self.operations / RATE)


def work(kind: str) -> Iterator[Work]:
    """Yield the kernels of type `kind` in launch order, without the head, whose cost is negligible."""
    widths, pixels = WIDTHS[kind], _FRAMES * _SIZE**2
    yield Work("first_block", pixels * 3 + pixels / 4 * widths[0] * 2, 2 * pixels * 6 * widths[0])
    for number, (before, after) in enumerate(pairwise(widths), 2):
        pixels //= 4
        last = number == len(widths)
        yield Work(f"separable {number}", 2 * pixels * before * 2)
        written = 0 if last else pixels / 4 * after * 2
        name = f"product_{'mean' if last else 'pool'} {number}"
        yield Work(name, pixels * 2 * before * 2 + written, 2 * pixels * 2 * before * after)


def lite_work(kind: str, one_pass: bool) -> Iterator[Work]:
    """Yield the kernels of type C or D in launch order, without the head: one a block, or one a convolution."""
    variant, frames, size = _LITE[kind]
    before, size, channels = frames * size**2, math.ceil(size / 2), STEM
    pixels = frames * size**2
    yield Work("stem", before * 3 + pixels * STEM * 2, 2 * pixels * 27 * STEM)
    for number, spec in enumerate(block_specs(variant), 1):
        size = math.ceil(size / spec.stride)
        before, pixels, channels = pixels, frames * size**2, spec.out_channels
        convolutions = _convolutions(spec, before, pixels)
        if one_pass:
            read_and_written = (before * spec.in_channels + pixels * channels) * 2
            yield Work(f"block {number}", read_and_written, sum(each.operations for each in convolutions))
        else:
            yield from (replace(each, name=f"{each.name} {number}") for each in convolutions)
    yield Work("top, mean", pixels * channels * 2, 2 * pixels * channels * TOP)


def _convolutions(spec: BlockSpec, pixels: int, out_pixels: int) -> list[Work]:
    """Return what a block's convolutions read and write, each by itself; a block that does not widen has two."""
    hidden = spec.in_channels * spec.expansion
    expand = Work("expand", pixels * (spec.in_channels + hidden) * 2, 2 * pixels * spec.in_channels * hidden)
    depthwise = Work("depthwise", (pixels + out_pixels) * hidden * 2)
    project = Work(
        "project", out_pixels * (hidden + spec.out_channels) * 2, 2 * out_pixels * hidden * spec.out_channels
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
        for one_pass in (True, False):
            _print(
                f"{kind}, {'a block in one pass' if one_pass else 'by convolutions'}", list(lite_work(kind, one_pass))
            )


def _print(kind: str, kernels: Sequence[Work]) -> None:
    for each in kernels:
        figures = f"{each.bytes / 1e6:.2f} | {each.operations / 1e9:.2f} | {each.limit * 1e6:.2f}"
        print(f"| {kind} | {each.name} | {figures} |")
    sums = f"{sum(each.bytes for each in kernels) / 1e6:.1f} | {sum(each.operations for each in kernels) / 1e9:.1f}"
    print(f"| {kind} | all | {sums} | {total(kernels) * 1e6:.1f}, {1 / total(kernels):,.0f} clips/s |")


if __name__ == "__main__":
    main()
