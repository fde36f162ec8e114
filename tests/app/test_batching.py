import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from app.batching import Batcher, Rules
from app.clip_queue import Inferred
from app.problems import Problem
from tests.service import ROOT
from videoxception.clip import Frames
from videoxception.engine import OutOfMemory
from videoxception.engine.base import Logits

LONG = 60.0  # seconds; no test waits so long unless it fails
BAD = 99


class FakeEngine:
    """Says of each clip what its bytes are. Its calls wait while `gate` is shut, and are noted in `batches`."""

    device = "fake"
    precision = "f32"

    def __init__(self, shut: bool = False, room: int = 1000, full: type[Exception] = OutOfMemory) -> None:
        self.batches: list[list[int]] = []
        self.entered, self.gate = threading.Semaphore(0), threading.Event()
        self.room, self._full = room, full
        if not shut:
            self.gate.set()

    def predict(self, frames: Frames) -> Logits:
        marks = frames[:, 0, 0, 0, 0].tolist()
        self.batches.append(marks)
        self.entered.release()
        assert self.gate.wait(LONG)
        if len(frames) > self.room:
            raise self._full("no room")
        if BAD in marks:
            raise ValueError("a bad clip")
        return np.array(marks, np.float32)[:, None]

    async def begun(self) -> None:
        """Returns when one more call has begun."""
        assert await asyncio.to_thread(self.entered.acquire, timeout=LONG)


def clip(mark: int) -> Frames:
    return np.full((1, 1, 1, 3), mark, np.uint8)


@asynccontextmanager
async def opened(*engines: FakeEngine, **rules: Any) -> AsyncIterator[Batcher]:
    batcher = Batcher(engines, Rules(**rules))
    try:
        yield batcher
    finally:
        for engine in engines:
            engine.gate.set()
        await batcher.close()


Asked = list["asyncio.Task[Inferred]"]


async def ask(batcher: Batcher, *marks: int, timeout: float = LONG) -> Asked:
    """Clips that are in the queue, or with the engine."""
    tasks = [asyncio.create_task(batcher.infer(clip(mark), timeout)) for mark in marks]
    await asyncio.sleep(0)  # lets each of them begin
    return tasks


async def ask_while_busy(batcher: Batcher, engine: FakeEngine, *marks: int) -> Asked:
    """Clips that wait for an engine which is at clip 0 until its gate opens."""
    first = await ask(batcher, 0)
    await engine.begun()
    return first + await ask(batcher, *marks)


async def answers(asked: Asked) -> list[object]:
    """For each clip its mark, or the error that it got."""
    said = await asyncio.gather(*asked, return_exceptions=True)
    return [int(one.logits[0]) if isinstance(one, Inferred) else one for one in said]


def kinds(said: list[object]) -> list[object]:
    return [one.kind if isinstance(one, Problem) else one for one in said]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, LONG))


def test_an_idle_engine_starts_at_once() -> None:
    async def test() -> None:
        engine = FakeEngine()
        async with opened(engine) as batcher:
            for mark in (1, 2):
                assert await answers(await ask(batcher, mark)) == [mark]
        assert engine.batches == [[1], [2]]

    run(test())


def test_it_is_idle_when_nothing_waits_or_is_worked_on() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine) as batcher:
            assert batcher.idle
            asked = await ask_while_busy(batcher, engine, 1)
            assert not batcher.idle
            engine.gate.set()
            await answers(asked)
            assert batcher.idle

    run(test())


def test_a_busy_engine_lets_the_queue_grow_to_the_next_batch() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine, max_batch=3) as batcher:
            asked = await ask_while_busy(batcher, engine, 1, 2, 3, 4, 5)
            assert batcher.waiting == 5
            engine.gate.set()
            assert await answers(asked) == [0, 1, 2, 3, 4, 5]
        assert engine.batches == [[0], [1, 2, 3], [4, 5]]

    run(test())


def test_a_delay_gathers_until_the_batch_is_full() -> None:
    async def test() -> None:
        engine = FakeEngine()
        async with opened(engine, max_batch=2, delay=LONG) as batcher:
            first = await ask(batcher, 1)
            assert await answers(first + await ask(batcher, 2)) == [1, 2]
        assert engine.batches == [[1, 2]]

    run(test())


def test_a_delay_is_a_cap() -> None:
    async def test() -> None:
        async with opened(FakeEngine(), delay=0.02) as batcher:
            inferred = await batcher.infer(clip(1), LONG)
        assert inferred.waited >= 0.02

    run(test())


def test_over_a_full_queue_is_overloaded_and_hurts_nobody_else() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine, max_queue=2) as batcher:
            asked = await ask_while_busy(batcher, engine, 1, 2)
            with pytest.raises(Problem) as refused:
                await batcher.infer(clip(3), LONG)
            engine.gate.set()
            assert await answers(asked) == [0, 1, 2]
        assert refused.value.kind == "overloaded"
        assert int(refused.value.headers["Retry-After"]) >= 1

    run(test())


def test_a_cancelled_clip_leaves_the_queue_at_once() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine) as batcher:
            asked = await ask_while_busy(batcher, engine, 1, 2, 3)
            asked.pop(2).cancel()
            await asyncio.sleep(0)
            assert batcher.waiting == 2
            engine.gate.set()
            assert await answers(asked) == [0, 1, 3]
        assert engine.batches == [[0], [1, 3]]

    run(test())


def test_a_clip_that_is_cancelled_while_it_is_worked_on_hurts_nobody_else() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine, max_batch=2, delay=LONG) as batcher:
            asked = await ask(batcher, 1, 2)
            await engine.begun()
            asked.pop(0).cancel()
            engine.gate.set()
            assert await answers(asked) == [2]

    run(test())


def test_a_clip_past_its_deadline_is_told_and_never_started() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine) as batcher:
            asked = await ask_while_busy(batcher, engine)
            late = await ask(batcher, 1, timeout=0.01)
            asked += await ask(batcher, 2)
            assert kinds(await answers(late)) == ["deadline"]
            engine.gate.set()
            assert await answers(asked) == [0, 2]
        assert engine.batches == [[0], [2]]

    run(test())


def test_a_clip_past_its_deadline_is_not_started_even_if_the_event_loop_is_late() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine) as batcher:
            asked = await ask_while_busy(batcher, engine)
            asked += await ask(batcher, 1, timeout=0.01)
            asked += await ask(batcher, 2)
            time.sleep(0.02)  # the loop is busy with something else
            engine.gate.set()
            assert engine.entered.acquire(timeout=LONG)
            assert kinds(await answers(asked)) == [0, "deadline", 2]
        assert engine.batches == [[0], [2]]

    run(test())


def test_a_batch_that_failed_is_not_retried_for_who_has_gone() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine, max_batch=3, delay=LONG) as batcher:
            asked = await ask(batcher, 1, BAD, 3)
            await engine.begun()
            asked.pop().cancel()
            await asyncio.sleep(0)
            engine.gate.set()
            assert (await answers(asked))[0] == 1
        assert engine.batches == [[1, BAD, 3], [1], [BAD]]

    run(test())


def test_one_bad_clip_never_hurts_another() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine) as batcher:
            asked = await ask_while_busy(batcher, engine, 1, BAD, 3)
            engine.gate.set()
            zero, one, bad, three = await answers(asked)
            assert (zero, one, three) == (0, 1, 3)
            assert isinstance(bad, ValueError)
            assert await answers(await ask(batcher, 4)) == [4]
        assert engine.batches == [[0], [1, BAD, 3], [1], [BAD], [3], [4]]

    run(test())


@pytest.mark.parametrize("error", [OutOfMemory, MemoryError])
def test_out_of_memory_halves_the_batch_and_is_remembered(error: type[Exception]) -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True, room=2, full=error)
        async with opened(engine, max_batch=8) as batcher:
            asked = await ask_while_busy(batcher, engine, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
            engine.gate.set()
            assert await answers(asked) == list(range(12))
        sizes = [len(batch) for batch in engine.batches]
        assert sizes == [1, 8, 4, 2, 2, 2, 2, 2, 1]

    run(test())


def test_out_of_memory_with_one_clip_is_overloaded() -> None:
    async def test() -> None:
        async with opened(FakeEngine(room=0)) as batcher:
            assert kinds(await answers(await ask(batcher, 1))) == ["overloaded"]

    run(test())


def test_engines_share_the_queue_and_one_that_hangs_keeps_nobody_else() -> None:
    async def test() -> None:
        hanging, other = FakeEngine(shut=True), FakeEngine(shut=True)
        async with opened(hanging, other, max_batch=1, patience=0.01) as batcher:
            asked = await ask(batcher, 1, 2, 3, 4)
            await hanging.begun()
            await other.begun()  # both are at a clip
            assert batcher.waiting == 2
            while batcher.trouble is None:
                await asyncio.sleep(0.005)
            assert batcher.trouble.count("fake has made no progress") == 2
            other.gate.set()
            held = asked.pop(hanging.batches[0][0] - 1)
            assert len(await answers(asked)) == 3
            assert batcher.trouble is None
            hanging.gate.set()
            assert await answers([held]) == hanging.batches[0]

    run(test())


def test_an_engine_that_goes_on_is_out_of_trouble() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine, patience=0.01) as batcher:
            assert batcher.trouble is None
            asked = await ask_while_busy(batcher, engine)
            while batcher.trouble is None:
                await asyncio.sleep(0.005)
            engine.gate.set()
            assert await answers(asked) == [0]
            assert batcher.trouble is None

    run(test())


def test_closing_ends_the_batch_under_way_and_tells_who_waits() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        batcher = Batcher([engine])
        asked = await ask_while_busy(batcher, engine, 1)
        closing = asyncio.create_task(batcher.close())
        assert kinds(await answers(asked[1:])) == ["not-ready"]
        engine.gate.set()
        await closing
        assert await answers(asked[:1]) == [0]
        assert batcher.trouble == "the engine on fake has stopped"
        assert kinds(await answers(await ask(batcher, 2))) == ["not-ready"]

    run(test())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine_thread._REST", 0.01)


@pytest.mark.usefixtures("impatient")
def test_an_engine_that_always_fails_is_in_trouble_until_it_answers_again() -> None:
    async def test() -> None:
        engine = FakeEngine(room=0, full=RuntimeError)
        async with opened(engine) as batcher:
            for mark in (1, 2, 3):
                assert batcher.trouble is None
                assert isinstance((await answers(await ask(batcher, mark)))[0], RuntimeError)
            assert batcher.trouble == "the engine on fake fails; the log says why"
            asked = await ask(batcher, 4)
            for _ in range(3 + 2):  # clips as above, and tries
                await engine.begun()
            assert batcher.waiting == 1
            engine.room = 1000
            assert await answers(asked) == [4]
            assert batcher.trouble is None
        tries = engine.batches[3:-1]
        assert tries == [[0]] * len(tries)
        assert tries

    run(test())


def test_a_broken_engine_leaves_the_clips_to_others() -> None:
    async def test() -> None:
        broken, well = FakeEngine(room=0, full=RuntimeError), FakeEngine(shut=True)
        async with opened(broken, well, max_batch=1) as batcher:
            said = await answers((await ask_until_broken(batcher, broken))[1:])
            assert all(isinstance(one, RuntimeError) for one in said)
            well.gate.set()
            assert await answers(await ask(batcher, *range(10, 30))) == list(range(10, 30))
            assert batcher.trouble is None

    run(test())


async def ask_until_broken(batcher: Batcher, broken: FakeEngine) -> Asked:
    """Clips of which the other engine, which is shut, holds one, and the broken one has failed three."""
    asked = await ask(batcher, 1, 2, 3, 4)
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    while sum(one.done() for one in asked) < 3:
        await asyncio.sleep(0.005)
    return sorted(asked, key=lambda one: one.done())


def test_answers_that_are_no_numbers_are_failures() -> None:
    async def test() -> None:
        engine = FakeEngine()
        engine.predict = lambda frames: np.full((len(frames), 16), np.nan, np.float32)
        async with opened(engine) as batcher:
            assert isinstance((await answers(await ask(batcher, 1)))[0], ArithmeticError)

    run(test())


def test_one_failure_among_successes_is_no_trouble() -> None:
    async def test() -> None:
        engine = FakeEngine()
        async with opened(engine) as batcher:
            for mark in (BAD, BAD, 1, BAD, BAD):
                await answers(await ask(batcher, mark))
            assert batcher.trouble is None

    run(test())


STUCK = """
import asyncio
from app.batching import Batcher, Rules
from tests.app.test_batching import FakeEngine, ask_while_busy

async def main():
    engine = FakeEngine(shut=True)
    batcher = Batcher([engine], Rules(patience=0.01))
    asked = await ask_while_busy(batcher, engine)
    await batcher.close()
    assert not asked[0].done()

asyncio.run(main())
"""


def test_a_stuck_engine_does_not_keep_the_service_from_ending() -> None:
    subprocess.run([sys.executable, "-c", STUCK], check=True, cwd=ROOT, timeout=LONG / 2)


def test_a_long_video_delays_a_clip_by_the_batch_that_is_under_way() -> None:
    async def test() -> None:
        engine = FakeEngine(shut=True)
        async with opened(engine) as batcher:
            windows = [asyncio.create_task(batcher.infer(clip(mark), LONG, window=True)) for mark in range(10, 16)]
            await engine.begun()
            clips = await ask(batcher, 1, 2)
            engine.gate.set()
            assert await answers(windows + clips) == [10, 11, 12, 13, 14, 15, 1, 2]
        first, second, *others = engine.batches
        assert first == [10]  # as many as take some 50 ms, which is not known of this engine yet
        assert second == [1, 2]
        assert [mark for batch in others for mark in batch] == [11, 12, 13, 14, 15]

    run(test())
