"""The kernels compile for cards: Triton needs none for that, and its interpreter takes much that its compiler refuses."""

import os
import subprocess
import sys


def test_every_kernel_compiles_for_hopper_without_spilling() -> None:
    """Takes a while, since it compiles all kernels of type B, which include nearly all of type A's."""
    script = """
from benchmarks.gpu.compiled import compile_kernels
for kernel in compile_kernels("b", 90):
    print(kernel.name, kernel.registers, kernel.spilled, kernel.shared)
"""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-c", script]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    kernels = [line.split() for line in output.splitlines()]
    assert len(kernels) == 14
    for name, registers, spilled, shared in kernels:
        assert int(registers) <= 255, name
        assert int(spilled) <= 16, name
        assert int(shared) <= 227 * 1024, name
