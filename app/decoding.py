"""Uploads -> clips, in threads beside the event loop: PyAV gives up the interpreter's lock while it works."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.problems import problem_of
from app.settings import Settings
from videoxception.clip import Clip, ClipSpec
from videoxception.video import Limits, VideoError, decode


@dataclass(frozen=True, slots=True)
class Decoded:
    """A clip, and the seconds that its file waited and was worked on."""

    clip: Clip
    waited: float
    worked: float


class Decoders:
    """A bounded number of decoding threads."""

    def __init__(self, settings: Settings) -> None:
        self._limits = Limits(
            bytes=settings.max_upload_bytes,
            pixels=settings.max_pixels,
            duration=settings.max_duration,
            decoding=settings.deadline,
        )
        self._threads = ThreadPoolExecutor(settings.decoders, thread_name_prefix="decoder")

    async def decode(self, path: Path, spec: ClipSpec) -> Decoded:
        """The clip of an upload. Raises the problem that the file is. If the caller is cancelled, the work stops."""
        stopped = threading.Event()
        asked = time.monotonic()

        def work() -> Decoded:
            start = time.monotonic()
            clip = decode(path, spec, self._limits, stopped.is_set)
            return Decoded(clip, start - asked, time.monotonic() - start)

        job = self._threads.submit(work)
        done = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(done)
        except VideoError as error:
            raise problem_of(error) from error
        except asyncio.CancelledError:
            stopped.set()
            if not job.cancel():  # it has begun: the file must not be removed before the thread has let go of it
                await asyncio.wait([done])
                done.exception()
            raise

    def close(self) -> None:
        """Waits for the work in hand."""
        self._threads.shutdown(cancel_futures=True)
