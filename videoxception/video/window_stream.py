"""A file's window clips from a decoder process, for a caller that waits for them."""

import queue
from collections.abc import Generator
from concurrent.futures import wait
from typing import BinaryIO

from videoxception.clip import Clip, ClipSpec
from videoxception.video.job import Inbox
from videoxception.video.limits import Limits
from videoxception.video.pool import DecoderPool
from videoxception.video.window_clips import WindowClip
from videoxception.windows import Asked

TOGETHER = 8
"""Window clips that are yielded at once, at most; as many more are on their way."""


def window_clips(
    pool: DecoderPool, file: BinaryIO, spec: ClipSpec, asked: Asked, limits: Limits
) -> Generator[list[WindowClip] | Clip]:
    """Yield an open file's window clips, in order, as many as there are at the time; at last the whole video's clip.

    Closing the iterator stops the work. Raise the file's `VideoError`.
    """
    arrived: queue.SimpleQueue[WindowClip | None] = queue.SimpleQueue()
    inbox = Inbox(asked, arrived.put, 2 * TOGETHER)
    job = pool.submit(file, spec, inbox, limits)
    job.done.add_done_callback(lambda _: arrived.put(None))
    try:
        while together := _next(arrived):
            yield together
            for _ in together:
                inbox.release()
        yield job.done.result()
    finally:
        pool.stop(job)
        wait([job.done])


def _next(arrived: "queue.SimpleQueue[WindowClip | None]") -> list[WindowClip]:
    """Return what has arrived, at least one clip, or nothing at the end."""
    together: list[WindowClip] = []
    while not together or (not arrived.empty() and len(together) < TOGETHER):
        clip = arrived.get()
        if clip is None:
            arrived.put(None)
            break
        together.append(clip)
    return together
