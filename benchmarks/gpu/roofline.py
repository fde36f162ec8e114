"""The roofline limit of a clip: for each kernel, its bytes over the bandwidth or its operations over their rate.

Bytes count each activation that a kernel reads or writes once, in bf16, and frames as bytes. Weights, borders and
repeated reads are left out, as are operations of the depthwise convolutions, which do not run on tensor cores.

    python -m benchmarks.gpu.roofline
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

BANDWIDTH = 4.3e12  # bytes a second, as measured on an H200 by a copy on the device
RATE = 790e12  # bf16 operations a second, likewise by a large matrix product
WIDTHS = {"a": (64, 128, 256, 512), "b": (64, 128, 256, 512, 512, 1024, 1024)}
_FRAMES, _SIZE = 10, 128


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


def limit(kind: str) -> float:
    """Return the seconds a clip: the sum of the kernels' limits."""
    return sum(each.limit for each in work(kind))


def main() -> None:
    """Print the limits as a table."""
    print("| type | kernel | MB | GFLOP | limit, us a clip |")
    print("| --- | --- | --- | --- | --- |")
    for kind in WIDTHS:
        for each in work(kind):
            figures = f"{each.bytes / 1e6:.2f} | {each.operations / 1e9:.2f} | {each.limit * 1e6:.2f}"
            print(f"| {kind} | {each.name} | {figures} |")
        print(f"| {kind} | all | | | {limit(kind) * 1e6:.1f}, {1 / limit(kind):,.0f} clips/s |")


if __name__ == "__main__":
    main()
