import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from app.clip_queue import ClipQueue, Inferred, QueuedClip, reject, resolve
from app.problems import Problem

LONG = 60.0  # seconds; no test waits so long unless it fails


def clip(lives: float = LONG, *, window: bool = False, waited: float = 0.0) -> QueuedClip:
    now, done = time.monotonic(), asyncio.get_running_loop().create_future()
    return QueuedClip(np.zeros((1, 1, 1, 3), np.uint8), now - waited, now + lives, done, window)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), LONG))


def test_those_that_have_waited_longest_are_taken_first_and_no_more_than_asked_for() -> None:
    async def test() -> None:
        queue, clips = ClipQueue(9, 0), [clip() for _ in range(5)]
        assert all(queue.put(item) for item in clips)
        assert queue.take(3) == clips[:3]
        assert len(queue) == 2
        assert queue.take(3) == clips[3:]

    run(test)


def test_there_is_room_for_so_many_and_again_when_one_is_taken_or_removed() -> None:
    async def test() -> None:
        queue, clips = ClipQueue(2, 0), [clip() for _ in range(5)]
        assert [queue.put(item) for item in clips[:3]] == [True, True, False]
        assert queue.take(1) == clips[:1]
        assert queue.put(clips[3])
        queue.remove(clips[1])
        queue.remove(clips[1])  # it is not there any more
        assert queue.put(clips[4])
        assert queue.take(9) == clips[3:]

    run(test)


def test_clips_whose_callers_have_gone_are_left_out() -> None:
    async def test() -> None:
        queue, clips = ClipQueue(9, 0), [clip(), clip(lives=0), clip()]
        for item in clips:
            queue.put(item)
        clips[0].done.cancel()
        assert queue.take(9) == clips[2:]

    run(test)


def test_a_full_batch_does_not_wait_for_more() -> None:
    async def test() -> None:
        queue, clips = ClipQueue(9, delay=LONG), [clip(), clip()]
        for item in clips:
            queue.put(item)
        assert queue.take(2) == clips

    run(test)


def test_a_smaller_one_waits_for_its_delay() -> None:
    async def test() -> None:
        queue, item = ClipQueue(9, delay=0.1), clip()
        queue.put(item)
        assert queue.take(2) == [item]
        assert time.monotonic() >= item.since + 0.1

    run(test)


@pytest.mark.parametrize("waiting", ["take", "wait_for_close"])
def test_closing_ends_every_wait_and_gives_what_is_left(waiting: str) -> None:
    async def test() -> None:
        queue, item, seen = ClipQueue(9, delay=LONG), clip(), []
        wait = {"take": lambda: queue.take(2), "wait_for_close": lambda: queue.wait_for_close(LONG)}[waiting]
        thread = threading.Thread(target=lambda: seen.append(wait()))
        queue.put(item)
        thread.start()
        assert queue.close() == [item]
        thread.join()
        assert seen == [{"take": [], "wait_for_close": True}[waiting]]
        with pytest.raises(Problem) as caught:
            queue.put(item)
        assert caught.value.kind == "not-ready"

    run(test)


def test_a_caller_gets_its_logits_or_an_error_once() -> None:
    async def test() -> None:
        well, ill, gone = clip(), clip(), clip()
        gone.done.cancel()
        first, other = (Inferred(np.full(1, mark, np.float32), "f32", 0, 0) for mark in (1, 2))
        resolve([well, gone], [first, other])
        reject([well, ill, gone], ValueError("planted"))
        assert await well.done is first
        with pytest.raises(ValueError, match="planted"):
            await ill.done
        assert gone.done.cancelled()

    run(test)


def test_windows_give_way_and_never_share_a_batch_with_other_clips() -> None:
    async def test() -> None:
        queue, windows, clips = ClipQueue(9, 0), [clip(window=True) for _ in range(3)], [clip() for _ in range(2)]
        assert all(queue.put(item) for item in (*windows, *clips))
        assert queue.take(9, 2) == clips
        assert queue.take(9, 2) == windows[:2]
        assert queue.take(9, 2) == windows[2:]

    run(test)


def test_windows_take_no_room_from_other_clips_and_go_when_their_callers_do() -> None:
    async def test() -> None:
        queue, windows = ClipQueue(1, 0), [clip(window=True) for _ in range(3)]
        assert all(queue.put(item) for item in windows)
        queue.remove(windows[0])
        assert queue.put(clip())
        assert len(queue.close()) == 3

    run(test)


def test_a_window_that_has_waited_too_long_goes_first_and_then_others_again() -> None:
    async def test() -> None:
        queue, clips = ClipQueue(9, 0), [clip() for _ in range(2)]
        windows = [clip(window=True, waited=LONG) for _ in range(2)]
        assert all(queue.put(item) for item in (*clips, *windows))
        assert queue.take(1, 1) == windows[:1]
        assert queue.take(1, 1) == clips[:1]
        assert queue.take(1, 1) == clips[1:]
        assert queue.take(1, 1) == windows[1:]

    run(test)


def test_a_delay_for_a_fuller_batch_is_not_for_windows() -> None:
    async def test() -> None:
        queue, window = ClipQueue(9, LONG), clip(window=True)
        queue.put(window)
        assert (len(queue), queue.empty) == (0, False)
        assert queue.take(9, 9) == [window]
        assert queue.empty

    run(test)
