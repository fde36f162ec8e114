"""Registers, spills, shared memory and instructions of the compiled kernels. Needs no GPU.

    python -m benchmarks.gpu.compiled [--capability 90]

Every kernel of types A, B and C is compiled as the engine launches it, in bf16, and those of `--fused` training for
some of their blocks.
"""

import argparse
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime.jit import JITFunction

from benchmarks.gpu.networks import SHAPE, served_net
from training.kernels.depthwise_backward import norm_backward, spatial_backward, temporal_backward
from training.kernels.depthwise_forward import activate, spatial_forward, temporal_forward
from training.kernels.product_backward import inputs_backward, weight_backward
from training.kernels.product_forward import product_forward
from training.kernels.shape import Shape
from videoxception.engine.kernels.families import Fused, kernels_of

_TRAINING = {  # (shape, output channels)
    "block 1, training": (Shape(1, 10, 128, 128, 3, 3), 64),
    "block 2, training": (Shape(1, 10, 64, 64, 64, 3), 128),
    "block 3, training": (Shape(1, 10, 32, 32, 128, 3), 256),
    "block 6 of b, training": (Shape(1, 10, 4, 4, 512, 7), 1024),
}
_TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"


@dataclass(frozen=True, slots=True)
class Compiled:
    """One kernel. `spilled` is a thread's stack, `shared` a program's shared memory, both in bytes."""

    name: str
    registers: int
    spilled: int
    shared: int
    warps: int
    instructions: int


class _Driver:
    """A Triton driver without a GPU, sufficient for compiling."""

    def __init__(self, capability: int) -> None:
        self._target = GPUTarget("cuda", capability, 32)

    def get_current_target(self) -> GPUTarget:
        return self._target

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int) -> int:
        return 0


@contextmanager
def _compiling(capability: int) -> Iterator[list[Any]]:
    """Make launches compile without running; yield the list that collects the compiled kernels."""
    made: list[Any] = []
    launch = JITFunction.run

    def compile_only(self: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> Any:
        made.append(launch(self, *args, grid=grid, warmup=True, **kwargs))

    triton.runtime.driver.set_active(_Driver(capability))
    JITFunction.run = compile_only
    try:
        yield made
    finally:
        JITFunction.run = launch  # the driver stays: without a GPU there is no other


def compile_kernels(net: Fused, capability: int, dtype: torch.dtype = torch.bfloat16) -> list[Compiled]:
    """Compile the kernels of a network; return them in launch order."""
    fused = kernels_of(net, SHAPE, 1, dtype, torch.device("cpu"))
    with _compiling(capability) as made:
        fused.run(torch.zeros(1, *SHAPE, dtype=torch.uint8), torch.zeros(1, fused.outputs))
    return [_describe(kernel) for kernel in made]


def compile_training(shape: Shape, wide: int, capability: int, dtype: torch.dtype = torch.bfloat16) -> list[Compiled]:
    """Compile the training kernels of a block with `wide` output channels; return them in launch order."""
    x, outer = torch.zeros(shape.pixels, shape.channels, dtype=dtype), torch.zeros(5, shape.channels)
    spatial, temporal = torch.zeros(shape.kernel**2, shape.channels), torch.zeros(shape.kernel, shape.channels)
    weight, bias = torch.zeros(2 * shape.channels, wide, dtype=dtype), torch.zeros(wide)
    with _compiling(capability) as made:
        spatial_forward(x, spatial, shape)
        temporal_forward(x, outer[0], outer[1], temporal, shape)
        activate(x, outer[0], outer[1], shape)
        pooled, winners = product_forward(x, x, weight, bias, shape)
        inputs_backward(pooled, pooled, winners, weight, shape)
        weight_backward(pooled, pooled, winners, x, x, shape)
        norm_backward(x, x, outer[0], outer[1], shape)
        temporal_backward(x, x, x, outer, outer[:2], temporal, shape)
        spatial_backward(x, x, x, outer[:3], spatial, shape)
    return [_describe(kernel) for kernel in made]


def _describe(kernel: Any) -> Compiled:
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        usage = _run("cuobjdump", "--dump-resource-usage", file.name)
        listing = _run("nvdisasm", "-c", file.name)
    found = re.search(r"REG:(\d+) STACK:(\d+)", usage)
    assert found is not None, usage
    instructions = len(re.findall(r"^\s+/\*[0-9a-f]{4,}\*/\s+(?!NOP)", listing, re.M))
    meta = kernel.metadata
    return Compiled(meta.name, int(found[1]), int(found[2]), meta.shared, meta.num_warps, instructions)


def _run(tool: str, *arguments: str) -> str:
    return subprocess.run([_TOOLS / tool, *arguments], check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--capability", type=int, default=90, help="compute capability, 90 for Hopper")
    options = parser.parse_args()
    print("| type | kernel | registers | spilled, bytes | shared, bytes | warps | instructions |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    found = {kind: compile_kernels(served_net(kind), options.capability) for kind in ("a", "b", "c")}
    found |= {kind: compile_training(*block, options.capability) for kind, block in _TRAINING.items()}
    for kind, kernels in found.items():
        for k in kernels:
            print(f"| {kind} | {k.name} | {k.registers} | {k.spilled} | {k.shared} | {k.warps} | {k.instructions} |")


if __name__ == "__main__":
    main()
