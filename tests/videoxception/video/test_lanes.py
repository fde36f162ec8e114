import io
import threading

import pytest

from videoxception.clip import ClipSpec
from videoxception.video.job import Job
from videoxception.video.lanes import Lanes


def job(asked: float, expensive: bool = False) -> Job:
    made = Job(io.BytesIO(), ClipSpec())
    made.asked, made.expensive = asked, expensive
    return made


def filled(*jobs: Job) -> Lanes:
    lanes = Lanes()
    for waiting in jobs:
        lanes.put(waiting)
    return lanes


def test_the_job_that_has_waited_longest_comes_first_whichever_its_lane() -> None:
    jobs = [job(1.0), job(2.0, expensive=True), job(3.0), job(4.0, expensive=True)]
    lanes = filled(*jobs)
    assert [lanes.take(False, 0) for _ in range(5)] == [*jobs, None]


def test_the_reserved_process_gets_no_expensive_job() -> None:
    expensive, cheap = job(1.0, expensive=True), job(2.0)
    lanes = filled(expensive, cheap)
    assert lanes.take(True, 0) is cheap
    assert lanes.take(True, 0) is None
    assert lanes.take(False, 0) is expensive


def test_a_job_that_is_put_back_comes_before_the_others_of_its_lane() -> None:
    first, second = job(1.0), job(2.0)
    lanes = filled(first, second)
    assert lanes.take(False, 0) is first
    assert lanes.put_back(first)
    assert [lanes.take(False, 0), lanes.take(False, 0)] == [first, second]


def test_a_job_that_turned_out_expensive_is_put_back_into_the_other_lane() -> None:
    lanes = filled(found := job(1.0))
    assert lanes.take(True, 0) is found
    found.expensive = True
    assert lanes.put_back(found)
    assert lanes.take(True, 0) is None
    assert lanes.take(False, 0) is found


@pytest.mark.parametrize("expensive", [False, True])
def test_a_job_that_is_stopped_is_taken_out_and_not_put_back(expensive: bool) -> None:
    waiting, taken = job(1.0, expensive), job(0.0, expensive)
    lanes = filled(taken, waiting)
    assert lanes.take(False, 0) is taken
    assert lanes.stop(waiting)
    assert not lanes.stop(taken)
    assert waiting.stopped.is_set()
    assert taken.stopped.is_set()
    assert not lanes.put_back(taken)
    assert len(lanes) == 0


def test_a_job_ends_the_wait_for_one() -> None:
    lanes, taken = Lanes(), []
    waiting = threading.Thread(target=lambda: taken.append(lanes.take(False, 20)))
    waiting.start()
    lanes.put(made := job(1.0))
    waiting.join()
    assert taken == [made]


def test_closing_gives_all_that_waits_and_takes_no_more() -> None:
    jobs = [job(1.0), job(2.0, expensive=True)]
    lanes = filled(*jobs)
    assert lanes.empty() == jobs
    lanes.put(late := job(3.0))
    assert lanes.empty(close=True) == [late]
    assert lanes.take(False, 20) is None
    assert not lanes.put_back(late)
    with pytest.raises(RuntimeError, match="the pool is closed"):
        lanes.put(late)
