"""An upload with a window -> segments and a timeline: decoded once, answered window by window as it goes.

A long video has no deadline; each of its steps has one. What is on its way is bounded: the decoder waits for the
engine, and the engine for the client.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from app.answered import Answered
from app.clip_queue import Inferred
from app.frames import frames_of
from app.problems import Problem
from app.registry import Served
from app.replies import answered_of
from app.service import Service
from app.uploads import Upload
from videoxception.answer import answer
from videoxception.timeline import Rule, Segment
from videoxception.video.job import Inbox
from videoxception.video.window_clips import WindowClip
from videoxception.windows import Asked, Windows

_ROOM = 8  # windows of one video that are on their way from the decoder to the client


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request with a window asks for; what is None goes by the windows."""

    windows: Asked
    smoothing: float | None
    shortest: float | None
    coverage: float
    frames: bool = False

    def rule(self, windows: Windows) -> Rule:
        """Return the rule of the timeline for the windows that the video is looked at through."""
        return Rule.of(windows, self.smoothing, self.shortest)


@dataclass(frozen=True, slots=True)
class Whole:
    """What comes behind the last segment: the whole video's logits and clip, and the windows that there were."""

    answered: Answered
    windows: Windows


Arrived = asyncio.Queue[tuple[WindowClip, "asyncio.Task[Inferred]"] | None]


async def segments(service: Service, served: Served, upload: Upload, wish: Wish) -> AsyncGenerator[Segment | Whole]:
    """Yield what the model says of each window, in order, and at last of the whole video.

    Closing the generator stops the work. Raise the problem with the video, or of a step that takes too long.
    """
    loop, arrived, deadline = asyncio.get_running_loop(), Arrived(), service.settings.deadline

    def begin(clip: WindowClip) -> None:
        inferring = loop.create_task(served.batcher.infer(clip.frames, deadline, window=True))
        arrived.put_nowait((clip, inferring))

    def take(clip: WindowClip) -> None:  # in the pool's thread
        loop.call_soon_threadsafe(begin, clip)

    inbox = Inbox(wish.windows, take, _ROOM)
    decoding = loop.create_task(service.window_decoders.decode(upload.file, served.manifest.clip, inbox))
    decoding.add_done_callback(lambda _: arrived.put_nowait(None))
    try:
        while (came := await arrived.get()) is not None:
            clip, inferring = came
            inferred = await inferring
            inbox.release()
            if service.stopping.is_set():
                raise Problem("not-ready", "the service is shutting down", {"Retry-After": "10"})
            windows = clip.windows
            yield Segment(clip.start, clip.end, answer(served.manifest, inferred.logits, wish.coverage))
        decoded = await decoding
        inferred = await served.batcher.infer(decoded.clip.frames, deadline)
        stages = {"queue": decoded.waited, "decode": decoded.worked, "batch": inferred.waited, "infer": inferred.worked}
        shown = await frames_of(decoded.clip, served.manifest.clip) if wish.frames else None
        yield Whole(answered_of(decoded.clip, inferred, stages, shown), windows)
    finally:
        await _abandon(decoding, arrived)


async def _abandon(decoding: "asyncio.Task[object]", arrived: Arrived) -> None:
    """Stop what is under way, and wait for its end: the upload must stay open until then."""
    decoding.cancel()
    await asyncio.gather(decoding, return_exceptions=True)
    begun = []
    while not arrived.empty():
        if (came := arrived.get_nowait()) is not None:
            begun.append(came[1])
    for inferring in begun:
        inferring.cancel()
    await asyncio.gather(*begun, return_exceptions=True)
