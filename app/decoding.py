"""Uploads -> clips, in the decoder processes, beside the event loop."""

import asyncio
import time
from dataclasses import dataclass
from typing import BinaryIO

from app.problems import Problem, problem_of
from app.settings import Settings
from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, VideoError
from videoxception.video.pool import DecoderPool, DecodersUnavailable, Job


@dataclass(frozen=True, slots=True)
class Decoded:
    """A clip, and the seconds that its file waited and was worked on."""

    clip: Clip
    waited: float
    worked: float


class Decoders:
    """The decoder processes, as the event loop sees them."""

    def __init__(self, settings: Settings) -> None:
        limits = Limits(
            bytes=settings.max_upload_bytes,
            pixels=settings.max_pixels,
            duration=settings.max_duration,
            decoding=settings.max_decoding,
        )
        self._pool = DecoderPool(settings.decoders, limits)

    async def decode(self, file: BinaryIO, spec: ClipSpec) -> Decoded:
        """The clip of an upload. Raises the problem that the file is. If the caller is cancelled, the work stops."""
        job = self._pool.submit(file, spec)
        done = asyncio.wrap_future(job.done)
        try:
            clip = await asyncio.shield(done)
        except VideoError as error:
            raise problem_of(error) from error
        except DecodersUnavailable as error:
            raise Problem("not-ready", str(error), {"Retry-After": "10"}) from error
        except asyncio.CancelledError:
            self._pool.stop(job)
            await asyncio.wait([done])  # the file must not be closed before the process has let go of it
            done.exception()
            raise
        return Decoded(clip, *_times(job))

    @property
    def ready(self) -> bool:
        """Whether files can be decoded."""
        return self._pool.ready

    def close(self) -> None:
        """Ends the processes after the file that each is at."""
        self._pool.close()


def _times(job: Job) -> tuple[float, float]:
    started = job.started or job.asked
    return started - job.asked, time.monotonic() - started
