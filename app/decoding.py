"""Uploads -> clips, in the decoder processes, beside the event loop."""

import asyncio
import math
import time
from dataclasses import dataclass
from typing import BinaryIO, Self

from app.problems import Problem, problem_of
from app.settings import Settings
from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, VideoError
from videoxception.video.job import Inbox, Job
from videoxception.video.pool import Counts, DecoderPool, DecodersUnavailable

_FASTEST = 60  # frames a second of the longest video
_GIVES_WAY = 19  # niceness of long videos' decoders: short ones' go before them
_SMOOTHING = 0.1  # weight of the newest file in the running mean of the work that one takes


@dataclass(frozen=True, slots=True)
class Decoded:
    """A clip, and the seconds for which its file waited and was worked on."""

    clip: Clip
    waited: float
    worked: float


class Decoders:
    """The decoder processes, as the event loop sees them."""

    def __init__(self, pool: DecoderPool, processes: int) -> None:
        self._pool = pool
        self._processes = processes
        self._in_hand = 0
        self._seconds = 0.1  # running mean of the work on a file

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Start the processes for requests without a window."""
        return cls(DecoderPool(settings.decoders, usual_limits(settings)), settings.decoders)

    @classmethod
    def for_windows(cls, settings: Settings) -> Self:
        """Return those for windows of long videos, one for each at a time: none waits behind another."""
        limits = Limits(
            bytes=settings.max_timeline_upload_bytes,
            pixels=settings.max_pixels,
            duration=settings.max_timeline_duration,
            packets=math.ceil(settings.max_timeline_duration * _FASTEST),
            decoding=settings.max_decoding,
            work=settings.max_timeline_work,
            windows=settings.max_windows,
        )
        pool = DecoderPool(settings.max_timelines, limits, reserve=False, lazy=True, niceness=_GIVES_WAY)
        return cls(pool, settings.max_timelines)

    async def decode(
        self, file: BinaryIO, spec: ClipSpec, inbox: Inbox | None = None, limits: Limits | None = None
    ) -> Decoded:
        """Return the clip of an upload, or raise the problem with it. If the caller is cancelled, the work stops.

        The clips of its windows go to the inbox before, if there is one. `limits` replace those of the processes.
        """
        job = self._pool.submit(file, spec, inbox, limits)
        self._in_hand += 1
        try:
            clip = await self._clip(job)
        finally:
            self._in_hand -= 1
            waited, worked = _times(job)
            self._seconds += _SMOOTHING * (worked - self._seconds)
        return Decoded(clip, waited, worked)

    async def _clip(self, job: Job) -> Clip:
        done = asyncio.wrap_future(job.done)
        try:
            return await asyncio.shield(done)
        except VideoError as error:
            raise problem_of(error) from error
        except DecodersUnavailable as error:
            raise Problem("not-ready", str(error), {"Retry-After": "10"}) from error
        except asyncio.CancelledError:
            self._pool.stop(job)
            await asyncio.wait([done])  # the file must not be closed before the process has let go of it
            done.exception()
            raise

    @property
    def idle(self) -> bool:
        """Whether no file waits or is worked on."""
        return not self._in_hand

    @property
    def busy(self) -> bool:
        """Whether at least half of the processes have work."""
        return self._in_hand * 2 >= self._processes

    @property
    def backlog(self) -> float:
        """The seconds of work that wait or are under way, for each process."""
        return self._in_hand * self._seconds / self._processes

    @property
    def waiting(self) -> int:
        """Files that no process has taken yet."""
        return self._pool.waiting

    @property
    def up(self) -> int:
        """Processes that are up."""
        return len(self._pool.processes)

    @property
    def counts(self) -> Counts:
        """How many processes were started, and ended for which cause."""
        return self._pool.counts

    @property
    def ready(self) -> bool:
        """Whether files can be decoded."""
        return self._pool.ready

    def close(self) -> None:
        """End the processes after the file that each is at."""
        self._pool.close()


def usual_limits(settings: Settings) -> Limits:
    """Return the limits of requests without a window."""
    return Limits(
        bytes=settings.max_upload_bytes,
        pixels=settings.max_pixels,
        duration=settings.max_duration,
        decoding=settings.max_decoding,
        work=settings.max_work,
        key_frames=settings.key_frames,
    )


def _times(job: Job) -> tuple[float, float]:
    """Return the seconds for which a job waited and was worked on, up to now."""
    started = job.started or job.asked
    return started - job.asked, time.monotonic() - started
