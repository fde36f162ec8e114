"""Decoder processes that can be killed: what a file does to one of them, it does to its own request alone.

Each process decodes one file at a time over a socket of its own; there is no lock or queue that processes share. A
thread for each waits for the answer, kills the process when time is up, and starts another in its place.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from videoxception.clip import Clip, ClipSpec
from videoxception.video.decoder_process import NICE, DecoderProcess, ProcessCrashed, ProcessTimedOut
from videoxception.video.errors import OverBudget, Stopped, TooLong, Undecodable
from videoxception.video.job import Inbox, Job
from videoxception.video.lanes import Lanes
from videoxception.video.limits import Limits
from videoxception.video.source import open_source

_RECYCLE = 500  # files; then a process is replaced, whatever FFmpeg has leaked
_TRIES = 2  # of a file whose process died at it, perhaps of something else
_HANDOVERS = 8  # of a file to processes that turned out to be dead already
_FAILURES = 3  # starts in a row that fail before the jobs that wait are failed
_PAUSE = 0.5  # seconds between looks at whether an idle process is still up

_log = logging.getLogger(__name__)


class DecodersUnavailable(Exception):
    """No decoder process can be started: a fault of this machine, not of the file."""


@dataclass(slots=True)
class Counts:
    """How many processes were started, ended for which cause, and how many files the reserved one gave up."""

    started: int = 0
    crashed: int = 0
    timed_out: int = 0
    stopped: int = 0
    recycled: int = 0
    expensive: int = 0
    missing: list[str] = field(default_factory=list)  # parts of the sandbox that the kernel does not offer


class DecoderPool:
    """A bounded number of decoder processes, started at once and replaced when they die.

    With two or more, one is reserved for cheap files, so that expensive or hostile ones cannot keep all others waiting.
    """

    def __init__(
        self,
        processes: int,
        limits: Limits | None = None,
        *,
        reserve: bool = True,
        lazy: bool = False,
        niceness: int = NICE,
    ) -> None:
        """Start the processes; if `lazy`, with the first file. Without `reserve`, none is reserved.

        `niceness` is what they are to others of this machine, up to 19: the most.
        """
        if processes < 1:
            raise ValueError(f"a pool needs at least one process, but got {processes}")
        self.limits = limits or Limits()
        self.counts = Counts()
        self._counting = threading.Lock()
        self._niceness = niceness
        self._lanes = Lanes()
        self._started = False
        self._up: set[DecoderProcess] = set()
        self._supervisors = [
            threading.Thread(
                target=self._supervise, args=(reserve and processes > 1 and n == 0,), name=f"decoder-{n}", daemon=True
            )
            for n in range(processes)
        ]
        if not lazy:
            self._start()

    def _start(self) -> None:
        self._started = True
        for supervisor in self._supervisors:
            supervisor.start()

    def submit(self, file: BinaryIO, spec: ClipSpec, inbox: Inbox | None = None, limits: Limits | None = None) -> Job:
        """Queue an open file; `job.done` gives its clip, or the `VideoError` that says what is wrong with it.

        The file must stay open until then. Before, its windows' clips come to the `inbox`, if there is one. `limits`
        replace the pool's.
        """
        job = Job(file, spec, inbox, limits)
        if not self._started:
            self._start()
        self._lanes.put(job)
        return job

    def stop(self, job: Job) -> None:
        """Stop a job whose clip is not wanted any more: `job.done` ends soon, with `Stopped` if it was not done."""
        if self._lanes.stop(job):
            job.fail(Stopped("the caller stopped the decoding"))

    def decode(self, path: Path, spec: ClipSpec) -> Clip:
        """Return what `videoxception.video.decode` gives, by one of the processes."""
        with open_source(path, self.limits.bytes) as file:
            return self.submit(file, spec).done.result()

    @property
    def waiting(self) -> int:
        """Jobs that no process has taken yet."""
        return len(self._lanes)

    @property
    def ready(self) -> bool:
        """Whether a process is up."""
        return bool(self._up)

    @property
    def processes(self) -> list[int]:
        """The process ids of the decoders that are up."""
        return [process.pid for process in list(self._up)]

    def close(self) -> None:
        """End the processes after the file that each is at; jobs that wait end with `Stopped`."""
        for job in self._lanes.empty(close=True):
            job.fail(Stopped("the decoders were closed"))
        for supervisor in self._supervisors if self._started else ():
            supervisor.join()

    def __enter__(self) -> "DecoderPool":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _supervise(self, reserved: bool) -> None:
        """Keep one process up, one after the other, and give it jobs."""
        failures = 0
        while not self._lanes.closed:
            try:
                process = DecoderProcess(len(self._supervisors), self._niceness)
            except (ProcessCrashed, OSError) as error:
                failures += 1
                self._note_failure(error, failures)
                continue
            failures = 0
            self._note_start(process)
            try:
                self._use(process, reserved)
            finally:
                self._up.discard(process)
                process.close()

    def _use(self, process: DecoderProcess, reserved: bool) -> None:
        """Give a process jobs until it dies, has had its share, or the pool is closed."""
        while process.alive and process.asked < _RECYCLE:
            job = self._lanes.take(reserved, _PAUSE)
            if job is not None:
                self._give(process, job, reserved)
            elif self._lanes.closed:
                return
        self._count(process.ended or ("recycled" if process.alive else "crashed"))

    def _note_failure(self, error: Exception, failures: int) -> None:
        if failures == 1:
            _log.error("a decoder process could not be started; trying until one can: %s", error)
        if failures >= _FAILURES and not self._up:
            for job in self._lanes.empty():
                job.fail(DecodersUnavailable(f"no decoder process can be started: {error}"))
        time.sleep(_PAUSE)

    def _note_start(self, process: DecoderProcess) -> None:
        self._count("started")
        self._up.add(process)
        if process.missing and not self.counts.missing:
            self.counts.missing = process.missing
            _log.warning("decoders run with less than the whole sandbox: %s", "; ".join(process.missing))

    def _give(self, process: DecoderProcess, job: Job, reserved: bool) -> None:
        """Let a process decode a job's file, and end the job with the outcome or queue it again."""
        job.started = job.started or time.monotonic()
        job.handovers += 1
        limits = job.limits or self.limits
        try:
            job.done.set_result(process.decode(job, limits, reserved))
        except OverBudget:
            self._count("expensive")
            job.expensive = True
            self._put_back(job)
        except ProcessCrashed as crash:
            _log.warning("a decoder process died: %s", crash)
            if job.tries < _TRIES and job.handovers < _HANDOVERS:
                self._put_back(job)
            else:
                job.fail(Undecodable("the decoder crashed on this file"))
        except ProcessTimedOut:
            limit = f"{limits.decoding:g} seconds of decoding"
            job.fail(TooLong(f"the video takes more than the {limit} that the limits allow"))
        except Exception as error:  # the file's own, or a bug, which must not end the supervisor
            job.fail(error)

    def _put_back(self, job: Job) -> None:
        if not self._lanes.put_back(job):
            job.fail(Stopped("the caller stopped the decoding"))

    def _count(self, what: str) -> None:
        with self._counting:
            setattr(self.counts, what, getattr(self.counts, what) + 1)
