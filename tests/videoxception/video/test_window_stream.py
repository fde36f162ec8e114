"""Windows from a decoder process: the same as in this process, no faster than they are taken, and each once."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.videos import make_video
from tests.waiting import LONG, until
from videoxception.clip import Clip, ClipSpec
from videoxception.video import NotAVideo, Stopped, TooManyWindows
from videoxception.video.job import Inbox
from videoxception.video.limits import LONG as WIDE
from videoxception.video.limits import Limits
from videoxception.video.pool import DecoderPool
from videoxception.video.window_clips import WindowClip, decode_windows
from videoxception.video.window_stream import TOGETHER, window_clips
from videoxception.windows import Windows

SPEC = ClipSpec(size=(64, 64))
ASKED = Windows(0.4, 0.1)  # 120 of them


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1, lazy=True) as pool:
        assert not pool.ready
        yield pool


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("film") / "film.mp4", "libx264", 300, moving=True)


def in_process(film: Path) -> list[WindowClip | Clip]:
    with film.open("rb") as file:
        return list(decode_windows(file, SPEC, ASKED))


def check_same(found: list[WindowClip | Clip], film: Path) -> None:
    expected = in_process(film)
    assert len(found) == len(expected) == 121
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.frames, other.frames)
        assert (type(one), one.timestamps) == (type(other), other.timestamps)


def test_they_are_those_that_this_process_decodes(pool: DecoderPool, film: Path) -> None:
    with film.open("rb") as file:
        came = list(window_clips(pool, file, SPEC, ASKED, WIDE))
    assert all(isinstance(together, Clip) or len(together) <= TOGETHER for together in came)
    check_same([clip for together in came for clip in (together if isinstance(together, list) else [together])], film)


def test_none_comes_before_there_is_room(pool: DecoderPool, film: Path) -> None:
    came: list[WindowClip] = []
    inbox = Inbox(ASKED, came.append, 3)
    with film.open("rb") as file:
        job = pool.submit(file, SPEC, inbox)
        until(lambda: len(came) == 3)
        inbox.release()
        until(lambda: len(came) == 4)
        assert not job.done.done()
        pool.stop(job)
        with pytest.raises(Stopped):
            job.done.result(LONG)
    assert len(came) == 4


def test_whoever_stops_asking_stops_the_work(pool: DecoderPool, film: Path) -> None:
    with film.open("rb") as file:
        windows = window_clips(pool, file, SPEC, ASKED, WIDE)
        next(windows)
        windows.close()
        assert isinstance(list(window_clips(pool, file, SPEC, Windows(12.0, 12.0), WIDE))[-1], Clip)


def test_a_process_that_dies_costs_no_window_and_repeats_none(pool: DecoderPool, film: Path) -> None:
    found: list[WindowClip | Clip] = []
    with film.open("rb") as file:
        for together in window_clips(pool, file, SPEC, ASKED, WIDE):
            if not found:
                os.kill(pool.processes[0], signal.SIGKILL)
            found += together if isinstance(together, list) else [together]
    check_same(found, film)


def test_a_process_that_says_nothing_is_killed(pool: DecoderPool, film: Path) -> None:
    with film.open("rb") as file:
        windows = window_clips(pool, file, SPEC, ASKED, Limits(decoding=0.01))
        next(windows)
        stopped = pool.processes[0]
        os.kill(stopped, signal.SIGSTOP)
        with pytest.raises(Exception, match=r"more than the 0\.01 seconds of decoding"):
            list(windows)
    until(lambda: stopped not in pool.processes)


def test_errors_of_the_file_arrive_typed(pool: DecoderPool, film: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no video")
    with (tmp_path / "text").open("rb") as file, pytest.raises(NotAVideo):
        list(window_clips(pool, file, SPEC, ASKED, WIDE))
    with film.open("rb") as file, pytest.raises(TooManyWindows, match="over the limit of 9"):
        list(window_clips(pool, file, SPEC, ASKED, Limits(windows=9)))


def test_a_pool_that_was_never_used_closes() -> None:
    before = threading.active_count()
    DecoderPool(2, lazy=True).close()
    assert threading.active_count() == before
