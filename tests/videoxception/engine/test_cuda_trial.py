"""A trial in another process: what becomes of it when it fails, crashes or never ends."""

import sys

import pytest
import torch

from videoxception.engine import EngineError
from videoxception.engine.base import Unsuitable
from videoxception.engine.cuda_trial import try_apart
from videoxception.store import Release


def python(script: str) -> tuple[str, ...]:
    """A command that runs a script."""
    return (sys.executable, "-c", script)


def test_a_trial_is_given_the_model_and_may_end_well(release: Release) -> None:
    script = f"""
import sys
from videoxception.manifest import Manifest
assert sys.argv[1:] == [{str(release.folder)!r}, "cuda:1", "bf16"]
assert Manifest.model_validate_json(sys.stdin.read()).version == {release.manifest.version}
"""
    try_apart(release, "cuda:1", "bf16", python(script))


def test_a_crash_is_an_error(release: Release) -> None:
    with pytest.raises(EngineError, match="a trial ended with status -6: it said nothing"):
        try_apart(release, "cuda", "bf16", python("import os; os.abort()"))


def test_a_failure_is_an_error_with_the_last_line(release: Release) -> None:
    with pytest.raises(EngineError, match="a trial ended with status 1: RuntimeError: an illegal memory access"):
        try_apart(release, "cuda", "bf16", python("raise RuntimeError('an illegal memory access')"))


def test_a_trial_that_never_ends_is_ended(release: Release) -> None:
    with pytest.raises(EngineError, match=r"a trial took longer than 0\.1 s"):
        try_apart(release, "cuda", "bf16", python("import time; time.sleep(600)"), seconds=0.1)


def test_what_is_not_for_this_card_is_no_failure(release: Release) -> None:
    with pytest.raises(Unsuitable, match=r"^an old card$"):
        try_apart(release, "cuda", "bf16", python("import sys; print('an old card', file=sys.stderr); sys.exit(3)"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU, where the real trial must fail")
def test_the_real_trial_says_that_there_is_no_card(release: Release) -> None:
    with pytest.raises(EngineError, match="EngineError: PyTorch cannot use the device 'cuda'"):
        try_apart(release, "cuda", "bf16")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU: the fused kernels")
def test_the_real_trial_on_a_gpu(release: Release) -> None:
    try_apart(release, "cuda", "bf16")
