import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, NotAVideo, Stopped, decode, decoder_process
from videoxception.video.decoder_process import DecoderProcess, ProcessCrashed, ProcessTimedOut
from videoxception.video.errors import OverBudget
from videoxception.video.job import Job

SPEC = ClipSpec()
LIMITS = Limits()


@pytest.fixture(scope="module")
def shared() -> Iterator[DecoderProcess]:
    """A process for tests that leave it as it was."""
    process = DecoderProcess()
    yield process
    process.close()


@pytest.fixture
def process() -> Iterator[DecoderProcess]:
    process = DecoderProcess()
    yield process
    process.close()


def run(process: DecoderProcess, path: Path, limits: Limits = LIMITS, reserved: bool = False) -> Clip:
    with path.open("rb") as file:
        return process.decode(Job(file, SPEC), limits, reserved)


def test_gives_what_decoding_in_this_process_gives(shared: DecoderProcess, good: Path) -> None:
    far, near = run(shared, good), decode(good, SPEC)
    assert np.array_equal(far.frames, near.frames)
    assert far.frames.flags.writeable
    for name in ("duration", "width", "height", "codec", "timestamps", "warnings", "decoded", "planned"):
        assert getattr(far, name) == getattr(near, name), name


def test_an_error_of_the_file_arrives_typed_and_the_process_lives_on(
    shared: DecoderProcess, tmp_path: Path, good: Path
) -> None:
    (tmp_path / "text").write_text("no video")
    with pytest.raises(NotAVideo, match="the file is not a video of a kind that is taken"):
        run(shared, tmp_path / "text")
    assert run(shared, good).frames.shape == SPEC.shape


def test_it_sees_nothing_of_this_process(shared: DecoderProcess) -> None:
    environment = Path(f"/proc/{shared.pid}/environ")
    if os.access(environment, os.R_OK):
        assert b"PATH" not in environment.read_bytes()
    descriptors = os.listdir(f"/proc/{shared.pid}/fd")
    assert len(descriptors) <= 5, descriptors


def test_it_gives_way_and_is_not_interrupted(shared: DecoderProcess) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, shared.pid) == min(19, ours + 10)
    assert os.getpgid(shared.pid) == shared.pid, "an interrupt at the terminal reaches it"
    assert os.getsid(shared.pid) == os.getsid(0), "autogroups make its niceness worth nothing"


def test_it_gives_way_as_much_as_it_is_told() -> None:
    process = DecoderProcess(niceness=19)
    try:
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 19)
    finally:
        process.close()


def test_a_reserved_process_refuses_expensive_work_and_lives_on(
    shared: DecoderProcess, expensive: Path, good: Path
) -> None:
    with pytest.raises(OverBudget):
        run(shared, expensive, reserved=True)
    assert run(shared, good, reserved=True).frames.shape == SPEC.shape
    assert shared.ended is None


def test_a_process_that_dies_is_noticed(process: DecoderProcess, good: Path) -> None:
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ProcessCrashed, match="exit status -9"):
        run(process, good)
    assert not process.alive
    assert process.ended == "crashed"


def test_a_process_that_hangs_is_killed_when_time_is_up(
    process: DecoderProcess, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_process, "_SLACK_SECONDS", 0.1)
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(ProcessTimedOut):
        run(process, good, Limits(decoding=0.1))
    assert not process.alive
    assert process.ended == "timed_out"


def test_a_process_that_hangs_at_a_cheap_file_makes_it_an_expensive_one(
    process: DecoderProcess, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_process, "_CHEAP_SECONDS", 0.1)
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(OverBudget):
        run(process, good, reserved=True)
    assert not process.alive
    assert process.ended == "timed_out"


def test_a_process_that_does_not_heed_a_stop_is_killed(
    process: DecoderProcess, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_process, "_STOP_SECONDS", 0.1)
    os.kill(process.pid, signal.SIGSTOP)
    with good.open("rb") as file:
        job = Job(file, SPEC)
        job.stopped.set()
        with pytest.raises(Stopped):
            process.decode(job, LIMITS, reserved=False)
    assert not process.alive
    assert process.ended == "stopped"


def test_a_process_that_does_not_start_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_process, "_STARTER", "raise SystemExit(3)")
    with pytest.raises(ProcessCrashed, match="it did not start"):
        DecoderProcess()
