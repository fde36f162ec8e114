"""Memory that is given back is there again without asking the system."""

import platform
import subprocess
import sys

import pytest

from training.heap import keep_heap

_FAULTS = """
import resource, sys, torch
from training.heap import keep_heap
if sys.argv[1] == "kept":
    assert keep_heap()
for step in range(40):
    if step == 30:  # by then the heap has found the shape that it needs
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    tensor = None
    tensor = torch.ones(25_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such setting")
def test_what_is_freed_is_used_again() -> None:
    """100 MB are 24,414 pages of 4 KiB, which the system would bring ten times."""
    faults = {
        how: int(subprocess.run([sys.executable, "-c", _FAULTS, how], capture_output=True, check=True).stdout)
        for how in ("kept", "given back")
    }
    assert faults["given back"] > 10 * faults["kept"], faults


def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert not keep_heap()
