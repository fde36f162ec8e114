"""Decoder processes that can be killed: what a file does to one of them, it does to its own request alone.

Each process answers one question at a time over a socket of its own; there is no lock or queue that processes share. A
thread for each waits for the answer, kills the process when time is up, and starts another in its place.
"""

import logging
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from videoxception.clip import Clip, ClipSpec
from videoxception.video import wire
from videoxception.video.errors import Stopped, TooLong, Undecodable
from videoxception.video.limits import Limits

CHEAP = 1e8  # pixels to decode: up to about a second's work; what the reserved process takes
_RECYCLE = 500  # questions; then a process is replaced, whatever FFmpeg has leaked
_CHEAP_SECONDS = 5.0  # that the reserved process spends on a file before it counts as dear, whatever its header says
_STOPPING = 1.0  # seconds between asking a process to stop and killing it
_SLACK = 2.0  # seconds beyond the limit that a process keeps by itself before it is killed
_ANSWER = 10.0  # seconds for an answer that has begun to come over; a busy machine may need them
_TRIES = 2  # of a file whose process died at it, perhaps of something else
_HANDOVERS = 8  # of a file to processes that turned out to be dead already
_FAILURES = 3  # starts in a row that fail before those who wait are told
_START = 60.0  # seconds that a process may take to start
_PAUSE = 0.5  # seconds between looks at whether an idle process is still up
_PACKAGES = str(Path(__file__).parent.parent.parent)
_NICE = 10  # decoding gives way to the engine, which ends what was begun: under load, the slowest answers come sooner
_START_WORKER = "sys.path.append(sys.argv[1]); from videoxception.video.worker import main; main()"
_STARTER = f"import os, sys; os.nice({_NICE}); {_START_WORKER}"

_log = logging.getLogger(__name__)


class DecodersUnavailable(Exception):
    """No decoder process can be started: a fault of this machine, not of the file."""


class Job:
    """A file that is being decoded, or waits for it."""

    def __init__(self, file: BinaryIO, spec: ClipSpec) -> None:
        self.file = file
        self.spec = spec
        self.asked = time.monotonic()
        self.started: float | None = None  # when a process took it
        self.dear = False
        self.tries = 0  # by processes that had begun with it
        self.handovers = 0
        self.stopped = threading.Event()
        self.done: Future[Clip] = Future()
        self.done.set_running_or_notify_cancel()  # `DecoderPool.stop` is the way to end a job, not `Future.cancel`

    def fail(self, error: Exception) -> None:
        """Ends the job with an error."""
        self.done.set_exception(error)


class _Lanes:
    """Jobs that wait: those that may be cheap, and those that are known to be dear."""

    def __init__(self) -> None:
        self._cheap: deque[Job] = deque()
        self._dear: deque[Job] = deque()
        self._changed = threading.Condition()
        self.closed = False

    def put(self, job: Job) -> None:
        """Queues a job. Raises `RuntimeError` if all is over."""
        with self._changed:
            if self.closed:
                raise RuntimeError("the pool is closed")
            (self._dear if job.dear else self._cheap).append(job)
            self._changed.notify_all()

    def put_back(self, job: Job) -> bool:
        """Queues a job that was taken, before all others; false if nobody waits for it, or all is over."""
        with self._changed:
            if self.closed or job.stopped.is_set():
                return False
            (self._dear if job.dear else self._cheap).appendleft(job)
            self._changed.notify_all()
            return True

    def take(self, reserved: bool, timeout: float) -> Job | None:
        """The job that has waited longest; the reserved process leaves dear ones alone. None if there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._next_lane(reserved), timeout)
            lane = self._next_lane(reserved)
            return lane.popleft() if lane else None

    def _next_lane(self, reserved: bool) -> deque[Job]:
        if reserved or not self._dear:
            return self._cheap
        return self._cheap if self._cheap and self._cheap[0].asked < self._dear[0].asked else self._dear

    def stop(self, job: Job) -> bool:
        """Marks a job as one that nobody waits for, and takes it out; false if it does not wait here."""
        with self._changed:
            job.stopped.set()
            for lane in (self._cheap, self._dear):
                if job in lane:
                    lane.remove(job)
                    return True
            return False

    def empty(self, close: bool = False) -> list[Job]:
        """Takes out all jobs; for good, if `close`."""
        with self._changed:
            self.closed |= close
            left = [*self._cheap, *self._dear]
            self._cheap.clear()
            self._dear.clear()
            self._changed.notify_all()
        return left

    def __len__(self) -> int:
        return len(self._cheap) + len(self._dear)


@dataclass(slots=True)
class Counts:
    """How many processes were started, ended for which cause, and how many files were too dear for the reserved one."""

    started: int = 0
    crashed: int = 0
    timed_out: int = 0
    stopped: int = 0
    recycled: int = 0
    dear: int = 0
    missing: list[str] = field(default_factory=list)  # parts of the sandbox that the kernel does not offer


class DecoderPool:
    """A bounded number of decoder processes, started at once and replaced when they die.

    With two or more, one is reserved for cheap files, so that dear or hostile ones cannot keep everyone waiting.
    """

    def __init__(self, processes: int, limits: Limits | None = None) -> None:
        if processes < 1:
            raise ValueError(f"a pool needs at least one process, but got {processes}")
        self.limits = limits or Limits()
        self.counts = Counts()
        self._counting = threading.Lock()
        self._lanes = _Lanes()
        self._workers: set[_Worker] = set()
        self._keepers = [
            threading.Thread(target=self._keep, args=(processes > 1 and n == 0,), name=f"decoder-{n}", daemon=True)
            for n in range(processes)
        ]
        for keeper in self._keepers:
            keeper.start()

    def submit(self, file: BinaryIO, spec: ClipSpec) -> Job:
        """Queues an open file; `job.done` gives its clip, or the `VideoError` that says what is wrong with it.

        The file must stay open until then.
        """
        job = Job(file, spec)
        self._lanes.put(job)
        return job

    def stop(self, job: Job) -> None:
        """Says that nobody waits for the clip any more: `job.done` ends soon, with `Stopped` if it was not done."""
        if self._lanes.stop(job):
            job.fail(Stopped("the caller stopped the decoding"))

    def decode(self, path: Path, spec: ClipSpec) -> Clip:
        """What `videoxception.video.decode` gives, by one of the processes."""
        with path.open("rb") as file:
            return self.submit(file, spec).done.result()

    @property
    def waiting(self) -> int:
        """Jobs that no process has taken yet."""
        return len(self._lanes)

    @property
    def ready(self) -> bool:
        """Whether a process is up."""
        return bool(self._workers)

    @property
    def processes(self) -> list[int]:
        """The process ids of the decoders that are up."""
        return [worker.pid for worker in list(self._workers)]

    def close(self) -> None:
        """Ends the processes after the file that each is at; jobs that wait end with `Stopped`."""
        for job in self._lanes.empty(close=True):
            job.fail(Stopped("the decoders were closed"))
        for keeper in self._keepers:
            keeper.join()

    def __enter__(self) -> "DecoderPool":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _keep(self, reserved: bool) -> None:
        """Keeps one process up, one after the other, and gives it jobs."""
        failures = 0
        while not self._lanes.closed:
            try:
                worker = _Worker()
            except (_Crashed, OSError) as error:
                failures += 1
                self._note_failure(error, failures)
                continue
            failures = 0
            self._note_start(worker)
            try:
                self._use(worker, reserved)
            finally:
                self._workers.discard(worker)
                worker.close()

    def _use(self, worker: "_Worker", reserved: bool) -> None:
        """Gives a process jobs until it dies, has had its share, or all is over."""
        while worker.alive and worker.asked < _RECYCLE:
            job = self._lanes.take(reserved, _PAUSE)
            if job is not None:
                self._give(worker, job, reserved)
            elif self._lanes.closed:
                return
        self._count(worker.ended or ("recycled" if worker.alive else "crashed"))

    def _note_failure(self, error: Exception, failures: int) -> None:
        _log.error("a decoder process could not be started; trying again: %s", error)
        if failures >= _FAILURES and not self._workers:
            for job in self._lanes.empty():
                job.fail(DecodersUnavailable(f"no decoder process can be started: {error}"))
        time.sleep(_PAUSE)

    def _note_start(self, worker: "_Worker") -> None:
        self._count("started")
        self._workers.add(worker)
        if worker.missing and not self.counts.missing:
            self.counts.missing = worker.missing
            _log.warning("decoders run with less than the whole sandbox: %s", "; ".join(worker.missing))

    def _give(self, worker: "_Worker", job: Job, reserved: bool) -> None:
        job.started = job.started or time.monotonic()
        job.handovers += 1
        try:
            job.done.set_result(worker.decode(job, self.limits, reserved))
        except _Dear:
            self._count("dear")
            job.dear = True
            self._put_back(job)
        except _Crashed as crash:
            _log.warning("a decoder process died: %s", crash)
            if job.tries < _TRIES and job.handovers < _HANDOVERS:
                self._put_back(job)
            else:
                job.fail(Undecodable("the decoder crashed on this file"))
        except _TimedOut:
            limit = f"{self.limits.decoding:g} seconds of decoding"
            job.fail(TooLong(f"the video takes more than the {limit} that the limits allow"))
        except Exception as error:  # the file's own, or a bug, which must not end the keeper
            job.fail(error)

    def _put_back(self, job: Job) -> None:
        if not self._lanes.put_back(job):
            job.fail(Stopped("the caller stopped the decoding"))

    def _count(self, what: str) -> None:
        with self._counting:
            setattr(self.counts, what, getattr(self.counts, what) + 1)


class _Dear(Exception):
    """The work is over the budget."""


class _Crashed(Exception):
    """The process is gone."""


class _TimedOut(Exception):
    """The process was killed because its time was up."""


class _Worker:
    """One decoder process. All calls come from its keeper's thread."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _STARTER, _PACKAGES, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                cwd="/",
                # A terminal's interrupt is not for it. In a session of its own it would count as much as the whole
                # service, however nice it is, where Linux shares the cores by session (autogroup).
                process_group=0,
            )
        self._connection = ours
        self._connection.settimeout(_START)
        self.asked = 0
        self.ended: str | None = None  # for which of the causes in Counts
        try:
            self.missing = wire.receive_reply(ours).missing
        except (wire.Closed, OSError) as error:
            self.close()
            raise _Crashed(f"it did not start: {self._process.returncode}") from error

    def decode(self, job: Job, limits: Limits, reserved: bool) -> Clip:
        """The clip, or the file's `VideoError`. Raises `_Dear`, `_Crashed` or `_TimedOut`, too."""
        self.asked += 1
        seconds = min(limits.decoding, _CHEAP_SECONDS) if reserved else limits.decoding + _SLACK
        question = wire.Question(spec=job.spec, limits=limits, budget=CHEAP if reserved else None)
        self._bound_cpu(limits.decoding)
        try:
            wire.ask(self._connection, question, job.file.fileno())
            self._wait(job, seconds)
            wire.receive_begun(self._connection)
            job.tries += 1
            self._wait(job, seconds)
            return self._read(job.spec)
        except _TimedOut:
            if reserved and seconds < limits.decoding:
                raise _Dear from None
            raise
        except (wire.Closed, OSError) as error:
            self.ended = "crashed"
            self.close()
            raise _Crashed(f"exit status {self._process.returncode}") from error

    def _bound_cpu(self, seconds: float) -> None:
        """Lets the process use so many seconds of CPU from now on, and then dies. Linux only."""
        if not hasattr(resource, "prlimit"):
            return
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
            used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            resource.prlimit(self._process.pid, resource.RLIMIT_CPU, (int(used + seconds) + 2, resource.RLIM_INFINITY))
        except OSError:
            pass  # the process is gone, as will be noticed when it is asked

    def _wait(self, job: Job, seconds: float) -> None:
        """Until there is something to receive. Kills the process if that takes too long or a stop is not heeded."""
        end = time.monotonic() + seconds
        asked_to_stop = False
        self._connection.settimeout(0.02)
        while True:
            try:
                if not self._connection.recv(1, socket.MSG_PEEK):
                    raise wire.Closed
                break
            except TimeoutError:
                now = time.monotonic()
            if job.stopped.is_set() and not asked_to_stop:
                asked_to_stop, end = True, min(end, now + _STOPPING)
                wire.stop(self._connection)
            if now > end:
                self.ended = "stopped" if asked_to_stop else "timed_out"
                self.close()
                raise Stopped("the caller stopped the decoding") if asked_to_stop else _TimedOut
        self._connection.settimeout(_ANSWER)

    def _read(self, spec: ClipSpec) -> Clip:
        reply = wire.receive_reply(self._connection)
        if reply.kind == "dear":
            raise _Dear
        if reply.kind == "error":
            raise wire.error_of(reply)
        if reply.clip is None or len(reply.clip.timestamps) != spec.frames:
            raise wire.Closed
        content = wire.receive_exactly(self._connection, int(np.prod(spec.shape)))
        return wire.clip_of(reply.clip, np.frombuffer(content, np.uint8).reshape(spec.shape))

    @property
    def alive(self) -> bool:
        """Whether the process is up."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def close(self) -> None:
        """Kills the process and waits for its end."""
        self._connection.close()
        self._process.kill()
        self._process.wait()
