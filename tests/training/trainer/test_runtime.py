"""The machine that a run trains on: memory that is given back is kept, and faulty versions are named."""

import platform
import subprocess
import sys

import pytest

from training.trainer.runtime import keep_heap, version_warnings

_FAULTS = """
import resource, sys, torch
from training.trainer.runtime import keep_heap
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


@pytest.mark.parametrize(
    ("version", "cudnn", "words"),
    [
        ("2.9.1", None, ["4 times slower"]),
        ("2.10.0+cu128", 91002, ["cuDNN 9.10.2"]),
        ("2.9.0", 90800, ["4 times slower", "cuDNN 9.8.0"]),
        ("2.13.0", 91500, []),
        ("2.13.0", None, []),
    ],
)
def test_versions_with_known_faults(version: str, cudnn: int | None, words: list[str]) -> None:
    said = list(version_warnings(version, cudnn))
    assert len(said) == len(words)
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))
