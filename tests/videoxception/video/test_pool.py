import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import numpy as np
import pytest

from tests.videos import lengthen, make_video
from tests.waiting import LONG, until
from videoxception.clip import ClipSpec
from videoxception.video import Limits, NotAVideo, Stopped, TooLong, VideoError, decode
from videoxception.video import pool as pools
from videoxception.video.pool import DecoderPool, DecodersUnavailable

SPEC = ClipSpec()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("good") / "clip.mp4", "libx264", 30)


@pytest.fixture(scope="module")
def dear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Much work: one group of large pictures, all of which refer to the one before."""
    folder = tmp_path_factory.mktemp("dear")
    short = make_video(folder / "short.avi", "mpeg4", 50, size=(1280, 720), gop=50, moving=True)
    return lengthen(short, folder / "clip.avi", 60)


def test_gives_what_decoding_in_this_process_gives(pool: DecoderPool, good: Path) -> None:
    far, near = pool.decode(good, SPEC), decode(good, SPEC)
    assert np.array_equal(far.frames, near.frames)
    assert far.frames.flags.writeable
    for name in ("duration", "width", "height", "codec", "timestamps", "warnings", "decoded", "planned"):
        assert getattr(far, name) == getattr(near, name), name


def test_other_specs_fit(pool: DecoderPool, good: Path) -> None:
    spec = ClipSpec(frames=3, size=(32, 48))
    assert np.array_equal(pool.decode(good, spec).frames, decode(good, spec).frames)


def test_errors_of_the_file_arrive_typed(pool: DecoderPool, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no video")
    with pytest.raises(NotAVideo, match="the file is not a video of a kind that is taken"):
        pool.decode(tmp_path / "text", SPEC)
    with pytest.raises(FileNotFoundError):
        pool.decode(tmp_path / "missing", SPEC)


def test_limits_hold(dear: Path) -> None:
    with DecoderPool(1, Limits(duration=1.0)) as pool, pytest.raises(TooLong, match="over the limit of 1"):
        pool.decode(dear, SPEC)


def test_processes_see_nothing_of_this_one(pool: DecoderPool, monkeypatch: pytest.MonkeyPatch, good: Path) -> None:
    pool.decode(good, SPEC)
    for pid in pool.processes:
        environment = Path(f"/proc/{pid}/environ")
        if os.access(environment, os.R_OK):
            assert b"PATH" not in environment.read_bytes()
        descriptors = os.listdir(f"/proc/{pid}/fd")
        assert len(descriptors) <= 5, descriptors


def test_processes_give_way_and_are_not_interrupted(pool: DecoderPool, good: Path) -> None:
    pool.decode(good, SPEC)
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    for pid in pool.processes:
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, ours + 10)
        assert os.getpgid(pid) == pid, "an interrupt at the terminal reaches it"
        assert os.getsid(pid) == os.getsid(0), "autogroups make its niceness worth nothing"


def test_a_file_whose_process_dies_is_tried_once_more(dear: Path) -> None:
    with DecoderPool(1) as pool, dear.open("rb") as file:
        job = pool.submit(file, SPEC)
        until(lambda: job.tries == 1)
        os.kill(pool.processes[0], signal.SIGKILL)
        assert job.done.result().frames.shape == SPEC.shape
        assert pool.counts.crashed == 1


def test_a_file_that_kills_its_processes_costs_its_own_request_alone(dear: Path, good: Path) -> None:
    with DecoderPool(1) as pool, dear.open("rb") as file, good.open("rb") as other:
        doomed, next_one = pool.submit(file, SPEC), pool.submit(other, SPEC)
        for tries in (1, 2):
            until(lambda tries=tries: doomed.tries == tries and pool.processes != [])
            os.kill(pool.processes[0], signal.SIGKILL)
        with pytest.raises(VideoError, match="the decoder crashed on this file"):
            doomed.done.result()
        assert next_one.done.result().frames.shape == SPEC.shape
        assert pool.counts.crashed == 2
        until(lambda: pool.counts.started == 3)


def test_a_process_that_dies_at_rest_costs_nothing(good: Path) -> None:
    with DecoderPool(2) as pool:
        until(lambda: len(pool.processes) == 2)
        for pid in pool.processes:
            os.kill(pid, signal.SIGKILL)
        for _ in range(4):
            assert pool.decode(good, SPEC).frames.shape == SPEC.shape
        until(lambda: pool.counts.crashed == 2 and len(pool.processes) == 2)


def test_a_process_that_hangs_is_killed_when_time_is_up(good: Path) -> None:
    with DecoderPool(1, Limits(decoding=0.5)) as pool, good.open("rb") as file:
        until(lambda: pool.processes != [])
        os.kill(pool.processes[0], signal.SIGSTOP)
        with pytest.raises(TooLong, match=r"more than the 0\.5 seconds of decoding"):
            pool.submit(file, SPEC).done.result(timeout=LONG)
        pool.limits = Limits()
        assert pool.decode(good, SPEC).frames.shape == SPEC.shape
        assert pool.counts.timed_out == 1


def test_too_much_work_is_given_up(dear: Path, good: Path) -> None:
    with DecoderPool(1, Limits(decoding=0.01)) as pool:
        with pytest.raises(TooLong, match="of decoding that the limits allow"):
            pool.decode(dear, SPEC)
        pool.limits = Limits()
        assert pool.decode(good, SPEC).frames.shape == SPEC.shape


def test_a_job_that_nobody_waits_for_is_stopped_without_a_kill(dear: Path, good: Path) -> None:
    with DecoderPool(1) as pool, dear.open("rb") as file:
        job = pool.submit(file, SPEC)
        until(lambda: job.started is not None)
        pool.stop(job)
        with pytest.raises(Stopped):
            job.done.result(timeout=LONG)
        assert pool.decode(good, SPEC).frames.shape == SPEC.shape
        assert pool.counts.started == 1


def test_a_job_that_waits_is_stopped_at_once(dear: Path, good: Path) -> None:
    with DecoderPool(1) as pool, dear.open("rb") as file, good.open("rb") as other:
        busy, waiting = pool.submit(file, SPEC), pool.submit(other, SPEC)
        until(lambda: busy.started is not None)
        pool.stop(waiting)
        with pytest.raises(Stopped):
            waiting.done.result(timeout=0)
        pool.stop(busy)
        wait([busy.done])


def test_a_process_is_replaced_after_its_share(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_RECYCLE", 3)
    with DecoderPool(1) as pool:
        for _ in range(7):
            pool.decode(good, SPEC)
        until(lambda: pool.counts.recycled == 2)
        assert pool.counts.crashed == 0


def test_dear_files_leave_the_reserved_process_to_cheap_ones(dear: Path, good: Path) -> None:
    with DecoderPool(2) as pool:
        until(lambda: len(pool.processes) == 2)
        files = [dear.open("rb") for _ in range(6)]
        jobs = [pool.submit(file, SPEC) for file in files]
        until(lambda: pool.counts.dear > 0 and any(job.tries == 1 for job in jobs))
        assert pool.decode(good, SPEC).frames.shape == SPEC.shape
        assert not all(job.done.done() for job in jobs)
        for job in jobs:
            pool.stop(job)
        wait([job.done for job in jobs])
        for file in files:
            file.close()


def test_many_threads_may_ask(pool: DecoderPool, good: Path) -> None:
    expected = decode(good, SPEC).frames
    wrong: list[int] = []

    def ask() -> None:
        wrong.extend(n for n in range(10) if not np.array_equal(pool.decode(good, SPEC).frames, expected))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_closing_ends_what_waits_and_leaves_no_process(dear: Path) -> None:
    pool = DecoderPool(2)
    until(lambda: len(pool.processes) == 2)
    pids = pool.processes
    files = [dear.open("rb") for _ in range(5)]
    jobs = [pool.submit(file, SPEC) for file in files]
    pool.close()
    for job in jobs:
        assert job.done.done()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(RuntimeError, match="the pool is closed"):
        pool.submit(files[0], SPEC)
    for file in files:
        file.close()


def test_without_any_process_those_who_wait_are_told(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_STARTER", "raise SystemExit(3)")
    monkeypatch.setattr(pools, "_PAUSE", 0.01)
    with DecoderPool(2) as pool, pytest.raises(DecodersUnavailable, match="no decoder process can be started"):
        pool.decode(good, SPEC)


def test_a_pool_needs_a_process() -> None:
    with pytest.raises(ValueError, match="at least one process, but got 0"):
        DecoderPool(0)
