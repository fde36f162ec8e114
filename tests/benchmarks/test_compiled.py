"""The kernels compile for cards, none of which is needed for that; the interpreter takes what the compiler doesn't."""

import os
import subprocess
import sys

import pytest

COMPILE = """
import sys
import torch
from benchmarks.gpu.compiled import compile_kernels
from videoxception.clip import ClipSpec
from videoxception.nets.fused_norms import FusedVideoXception
from videoxception.nets.videoxception import VideoXception

sizes = tuple(map(int, sys.argv[2:]))
net = FusedVideoXception(VideoXception(84, (64, 128, 128)[: len(sizes)], sizes).eval(), ClipSpec(), auxiliary=68)
dtype = getattr(torch, sys.argv[1])
for kernel in compile_kernels(net, 90, dtype):
    print(kernel.name, kernel.registers, kernel.spilled, kernel.shared)
"""

pytestmark = pytest.mark.slow  # it is the real compiler: a minute in all

BF16 = ["first_block", "separable", "product_pool", "separable", "product_mean", "head"]
F32 = ["first_block", "separable", "product_mean", "head"]  # which is there for exactness, and may spill a little


LITE = """
from benchmarks.gpu.compiled import compile_kernels
from benchmarks.gpu.networks import served_net

for kernel in compile_kernels(served_net("c"), 90):
    print(kernel.name, kernel.registers, kernel.spilled, kernel.shared)
"""
THREE = ["pointwise", "depthwise", "pointwise"]

TRAINING = """
import sys
from benchmarks.gpu.compiled import compile_training
from training.kernels.shape import Shape

for kernel in compile_training(Shape(*map(int, sys.argv[2:])), int(sys.argv[1]), 90):
    print(kernel.name, kernel.registers, kernel.spilled, kernel.shared)
"""
FORWARD = ["spatial_forward", "temporal_forward", "activate", "product_forward"]
BACKWARD = ["inputs_backward", "weight_backward", "norm_backward", "temporal_backward", "spatial_backward"]


@pytest.mark.parametrize(
    ("dtype", "sizes", "names", "most"), [("bfloat16", "337", BF16, 16), ("float32", "33", F32, 256)]
)
def test_every_kernel_compiles_for_hopper(dtype: str, sizes: str, names: list[str], most: int) -> None:
    """Without spilling many bytes of registers."""
    check(COMPILE, [dtype, *sizes], names, most)


def test_every_kernel_of_c_compiles_for_hopper() -> None:
    names = ["stem", *["inverted_residual"] * 4, *THREE, "inverted_residual", *THREE * 10, "product_mean", "head"]
    check(LITE, [], names, 16)


@pytest.mark.parametrize(
    "shape", ["64 2 10 128 128 3 3", "128 2 10 64 64 64 3", "256 2 10 32 32 128 3", "1024 2 10 4 4 512 7"]
)
def test_every_kernel_of_training_compiles_for_hopper(shape: str) -> None:
    """Blocks 1, 2 and 3 of both types, and one of those that only B has; first comes how wide they end."""
    check(TRAINING, shape.split(), FORWARD + BACKWARD, 64)


def check(script: str, arguments: list[str], names: list[str], most: int) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-c", script, *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    kernels = [line.split() for line in output.splitlines()]
    assert [name for name, *_ in kernels] == [f"{name}_kernel" for name in names]
    for name, registers, spilled, shared in kernels:
        assert int(registers) <= 255, name
        assert int(spilled) <= most, name
        assert int(shared) <= 227 * 1024, name
