"""One decoder process, seen from outside: start it, hand it a file, wait for the clip, kill it when its time is up.

`worker.py` is what runs in the process, `wire.py` how both sides talk.
"""

import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from videoxception.clip import Clip, ClipSpec, Frames
from videoxception.video import wire
from videoxception.video.errors import OverBudget, Stopped
from videoxception.video.job import Inbox, Job
from videoxception.video.limits import Limits
from videoxception.video.window_clips import WindowClip

_CHEAP_WORK = 1e8  # pixels to decode: up to about a second's work; what the reserved process takes
_CHEAP_SECONDS = (
    5.0  # that the reserved process spends on a file before it counts as expensive, whatever its header says
)
_STOP_SECONDS = 1.0  # between asking a process to stop and killing it
_SLACK_SECONDS = 2.0  # beyond the limit that a process keeps by itself before it is killed
_ANSWER_SECONDS = 10.0  # for an answer that has begun to come over; a busy machine may need them
_START_SECONDS = 60.0  # that a process may take to start
_POLL_SECONDS = 0.02  # between looks at whether a job was stopped or its time is up
_PACKAGES = str(Path(__file__).parent.parent.parent)
NICE = 10  # decoding gives way to the engine, which ends what was begun: under load, the slowest answers come sooner
_START_WORKER = "sys.path.append(sys.argv[1]); from videoxception.video.worker import main; main()"
_STARTER = f"import os, sys; os.nice(int(sys.argv.pop())); {_START_WORKER}"


class ProcessCrashed(Exception):
    """The process is gone."""


class ProcessTimedOut(Exception):
    """The process was killed because its time was up."""


class DecoderProcess:
    """A process that decodes one file at a time. All calls must come from one thread."""

    def __init__(self, decoders: int = 1, niceness: int = NICE) -> None:
        """Start one of so many processes, which share the memory, and wait until it is ready.

        Raise `ProcessCrashed` or `OSError` if it does not start.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _start(theirs.fileno(), decoders, niceness)
        self._connection = ours
        self._connection.settimeout(_START_SECONDS)
        self.asked = 0  # files
        self.ended: str | None = None  # for which of the causes in `pool.Counts`
        try:
            self.missing = wire.receive_reply(ours).missing
        except (wire.Closed, OSError) as error:
            self.close()
            raise ProcessCrashed(f"it did not start: {self._process.returncode}") from error

    def decode(self, job: Job, limits: Limits, reserved: bool) -> Clip:
        """Return the clip of a job's file; before, deliver those of its windows, if they are wanted.

        Between two of those, or words that the work goes on, may lie as much time as a file may take without windows.
        Raise the file's `VideoError`, `OverBudget` if it is more work than a `reserved` process takes, `ProcessCrashed`
        or `ProcessTimedOut`; after the last two, and perhaps after `Stopped`, the process is gone.
        """
        self.asked += 1
        seconds = min(limits.decoding, _CHEAP_SECONDS) if reserved else limits.decoding + _SLACK_SECONDS
        request = wire.Request(
            spec=job.spec,
            limits=limits,
            budget=_CHEAP_WORK if reserved else None,
            windows=None if job.inbox is None else job.inbox.asked,
        )
        self._limit_cpu(limits.decoding)
        try:
            wire.send_request(self._connection, request, job.file.fileno())
            self._wait(job, seconds)
            wire.receive_begun(self._connection)
            job.tries += 1
            if job.inbox is not None:
                return self._read_windows(job, job.inbox, limits)
            self._wait(job, seconds)
            return self._clip(wire.receive_reply(self._connection), job.spec)
        except ProcessTimedOut:
            if reserved and seconds < limits.decoding:
                raise OverBudget from None
            raise
        except (wire.Closed, OSError) as error:
            self.ended = "crashed"
            self.close()
            raise ProcessCrashed(f"exit status {self._process.returncode}") from error

    @property
    def alive(self) -> bool:
        """Whether the process is up."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def close(self) -> None:
        """Kill the process and wait for its end."""
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def _limit_cpu(self, seconds: float) -> None:
        """Let the process use so many seconds of CPU from now on, and then die. Linux only."""
        if not hasattr(resource, "prlimit"):
            return
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (int(used + seconds) + 2, resource.RLIM_INFINITY))
        except OSError:
            pass  # the process is gone, as will be noticed when it is asked

    def _wait(self, job: Job, seconds: float) -> None:
        """Wait until there is something to receive; kill the process if that takes too long or a stop is not heeded."""
        end = time.monotonic() + seconds
        asked_to_stop = False
        self._connection.settimeout(_POLL_SECONDS)
        while not self._has_answer():
            now = time.monotonic()
            if job.stopped.is_set() and not asked_to_stop:
                asked_to_stop, end = True, min(end, now + _STOP_SECONDS)
                wire.stop(self._connection)
            if now > end:
                self.ended = "stopped" if asked_to_stop else "timed_out"
                self.close()
                raise Stopped("the caller stopped the decoding") if asked_to_stop else ProcessTimedOut
        self._connection.settimeout(_ANSWER_SECONDS)

    def _has_answer(self) -> bool:
        """Return whether there is something to receive, within the socket's timeout. Raise `wire.Closed` at its end."""
        try:
            if not self._connection.recv(1, socket.MSG_PEEK):
                raise wire.Closed
        except TimeoutError:
            return False
        return True

    def _read_windows(self, job: Job, inbox: Inbox, limits: Limits) -> Clip:
        """Deliver the windows' clips as they come, but those that another process had sent before it crashed."""
        received = 0
        while True:
            self._wait(job, limits.decoding + _SLACK_SECONDS)
            reply = wire.receive_reply(self._connection)
            if reply.kind not in ("window", "progress"):
                return self._clip(reply, job.spec)
            self._limit_cpu(limits.decoding)
            if reply.kind == "window":
                clip = self._window(reply, job.spec)
                received += 1
                if received > limits.windows:
                    raise wire.Closed
                if received > inbox.delivered:
                    self._deliver(job, inbox, clip)

    def _deliver(self, job: Job, inbox: Inbox, clip: WindowClip) -> None:
        """Hand on a clip. Kill the process if that fails, or the job is stopped: it may be at sending the next."""
        try:
            inbox.deliver(clip, job.stopped)
        except Exception:
            self.ended = "stopped"
            self.close()
            raise

    def _window(self, reply: wire.Reply, spec: ClipSpec) -> WindowClip:
        if reply.window is None or len(reply.window.timestamps) != spec.frames:
            raise wire.Closed
        return wire.window_of(reply.window, self._frames(spec))

    def _clip(self, reply: wire.Reply, spec: ClipSpec) -> Clip:
        if reply.kind == "over-budget":
            raise OverBudget
        if reply.kind == "error":
            raise wire.error_of(reply)
        if reply.clip is None or len(reply.clip.timestamps) != spec.frames:
            raise wire.Closed
        return wire.clip_of(reply.clip, self._frames(spec))

    def _frames(self, spec: ClipSpec) -> Frames:
        content = wire.receive_exactly(self._connection, int(np.prod(spec.shape)))
        return np.frombuffer(content, np.uint8).reshape(spec.shape)


def _start(descriptor: int, decoders: int, niceness: int) -> "subprocess.Popen[bytes]":
    """Start a process that has its end of a socket, and nothing else of this one."""
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _STARTER, _PACKAGES, str(decoders), str(descriptor), str(niceness)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[descriptor],
        env={"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        # A terminal's interrupt is not for it. In a session of its own it would count as much as the whole service,
        # however nice it is, where Linux shares the cores by session (autogroup).
        process_group=0,
    )
