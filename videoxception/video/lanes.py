"""The queue of jobs that wait for a decoder process: two lanes, so that expensive files do not hold up cheap ones."""

import threading
from collections import deque

from videoxception.video.job import Job


class Lanes:
    """Jobs that wait: those that may be cheap, and those that are known to be expensive. Safe to use from any thread.

    What a file costs is known once a process has read its packets. So each job begins in the cheap lane, and is put
    back into the expensive one if the reserved process found it over its budget.
    """

    def __init__(self) -> None:
        self._cheap: deque[Job] = deque()
        self._expensive: deque[Job] = deque()
        self._changed = threading.Condition()
        self.closed = False

    def put(self, job: Job) -> None:
        """Queue a job. Raise `RuntimeError` if the queue is closed."""
        with self._changed:
            if self.closed:
                raise RuntimeError("the pool is closed")
            self._lane_of(job).append(job)
            self._changed.notify_all()

    def put_back(self, job: Job) -> bool:
        """Queue a job that was taken, before all others; return false if it was stopped or the queue is closed."""
        with self._changed:
            if self.closed or job.stopped.is_set():
                return False
            self._lane_of(job).appendleft(job)
            self._changed.notify_all()
            return True

    def take(self, reserved: bool, timeout: float) -> Job | None:
        """Return the job that has waited longest, or None if there is none for `timeout` seconds.

        The `reserved` process gets none that is known to be expensive.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._next_lane(reserved), timeout)
            lane = self._next_lane(reserved)
            return lane.popleft() if lane else None

    def stop(self, job: Job) -> bool:
        """Mark a job as stopped and take it out; return false if it does not wait here."""
        with self._changed:
            job.stopped.set()
            lane = self._lane_of(job)
            if job not in lane:
                return False
            lane.remove(job)
            return True

    def empty(self, close: bool = False) -> list[Job]:
        """Take out all jobs; with `close`, none is taken in any more."""
        with self._changed:
            self.closed |= close
            left = [*self._cheap, *self._expensive]
            self._cheap.clear()
            self._expensive.clear()
            self._changed.notify_all()
        return left

    def __len__(self) -> int:
        return len(self._cheap) + len(self._expensive)

    def _lane_of(self, job: Job) -> deque[Job]:
        return self._expensive if job.expensive else self._cheap

    def _next_lane(self, reserved: bool) -> deque[Job]:
        if reserved or not self._expensive:
            return self._cheap
        return self._cheap if self._cheap and self._cheap[0].asked < self._expensive[0].asked else self._expensive
