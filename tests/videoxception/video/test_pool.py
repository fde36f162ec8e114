import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import numpy as np
import pytest

from tests.waiting import LONG, until
from videoxception.clip import ClipSpec
from videoxception.video import Limits, NotAVideo, Stopped, TooLong, VideoError, decode, decoder_process
from videoxception.video import pool as pools
from videoxception.video.pool import DecoderPool, DecodersUnavailable

SPEC = ClipSpec()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2) as pool:
        yield pool


def test_other_specs_fit(pool: DecoderPool, good: Path) -> None:
    spec = ClipSpec(frames=3, size=(32, 48))
    assert np.array_equal(pool.decode(good, spec).frames, decode(good, spec).frames)


def test_errors_of_the_file_arrive_typed(pool: DecoderPool, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no video")
    with pytest.raises(NotAVideo, match="the file is not a video of a kind that is taken"):
        pool.decode(tmp_path / "text", SPEC)
    with pytest.raises(FileNotFoundError):
        pool.decode(tmp_path / "missing", SPEC)


def test_limits_hold(expensive: Path) -> None:
    with DecoderPool(1, Limits(duration=1.0)) as pool, pytest.raises(TooLong, match="over the limit of 1"):
        pool.decode(expensive, SPEC)


def test_a_file_whose_process_dies_is_tried_once_more(expensive: Path) -> None:
    with DecoderPool(1) as pool, expensive.open("rb") as file:
        job = pool.submit(file, SPEC)
        until(lambda: job.tries == 1)
        os.kill(pool.processes[0], signal.SIGKILL)
        assert job.done.result().frames.shape == SPEC.shape
        assert pool.counts.crashed == 1


def test_a_file_that_kills_its_processes_costs_its_own_request_alone(expensive: Path, good: Path) -> None:
    with DecoderPool(1) as pool, expensive.open("rb") as file, good.open("rb") as other:
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


def test_a_process_that_hangs_is_killed_when_time_is_up(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_process, "_SLACK_SECONDS", 0.5)
    with DecoderPool(1, Limits(decoding=0.5)) as pool, good.open("rb") as file:
        until(lambda: pool.processes != [])
        os.kill(pool.processes[0], signal.SIGSTOP)
        with pytest.raises(TooLong, match=r"more than the 0\.5 seconds of decoding"):
            pool.submit(file, SPEC).done.result(timeout=LONG)
        pool.limits = Limits()
        assert pool.decode(good, SPEC).frames.shape == SPEC.shape
        assert pool.counts.timed_out == 1


def test_too_much_work_is_given_up(expensive: Path, good: Path) -> None:
    with DecoderPool(1, Limits(decoding=0.001)) as pool:
        with pytest.raises(TooLong, match="of decoding that the limits allow"):
            pool.decode(expensive, SPEC)
        pool.limits = Limits()
        assert pool.decode(good, SPEC).frames.shape == SPEC.shape


def test_a_job_that_nobody_waits_for_is_stopped_without_a_kill(expensive: Path, good: Path) -> None:
    with DecoderPool(1) as pool, expensive.open("rb") as file:
        job = pool.submit(file, SPEC)
        until(lambda: job.started is not None)
        pool.stop(job)
        with pytest.raises(Stopped):
            job.done.result(timeout=LONG)
        assert pool.decode(good, SPEC).frames.shape == SPEC.shape
        assert pool.counts.started == 1


def test_a_job_that_waits_is_stopped_at_once(expensive: Path, good: Path) -> None:
    with DecoderPool(1) as pool, expensive.open("rb") as file, good.open("rb") as other:
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


def test_expensive_files_leave_the_reserved_process_to_cheap_ones(expensive: Path, good: Path) -> None:
    with DecoderPool(2) as pool:
        until(lambda: len(pool.processes) == 2)
        files = [expensive.open("rb") for _ in range(6)]
        jobs = [pool.submit(file, SPEC) for file in files]
        until(lambda: pool.counts.expensive > 0 and any(job.tries == 1 for job in jobs))
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


def test_closing_ends_what_waits_and_leaves_no_process(expensive: Path) -> None:
    pool = DecoderPool(2)
    until(lambda: len(pool.processes) == 2)
    pids = pool.processes
    files = [expensive.open("rb") for _ in range(5)]
    jobs = [pool.submit(file, SPEC) for file in files]
    pool.close()
    for job in jobs:
        assert job.done.done()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(RuntimeError, match="the pool is closed"):
        pool.submit(files[0], SPEC)
    for file in files:
        file.close()


def test_without_any_process_those_who_wait_get_an_error(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_process, "_STARTER", "raise SystemExit(3)")
    monkeypatch.setattr(pools, "_PAUSE", 0.01)
    with DecoderPool(2) as pool, pytest.raises(DecodersUnavailable, match="no decoder process can be started"):
        pool.decode(good, SPEC)


def test_a_pool_needs_a_process() -> None:
    with pytest.raises(ValueError, match="at least one process, but got 0"):
        DecoderPool(0)
