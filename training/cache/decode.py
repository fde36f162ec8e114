"""Decode many files at a time, in decoder processes. The only part of a cache that needs av."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from training.cache.index import Source
from training.cache.spec import CachedFrames, CacheSpec
from training.data.readers.image_folder import is_still
from training.errors import TrainingError
from videoxception.clip import ClipSpec, Frames
from videoxception.video import VideoError
from videoxception.video.pool import DecoderPool, DecodersUnavailable
from videoxception.video.still import read_still

_FLIGHT = 3  # files in flight for each decoder process: one is decoded, others are hashed or copied meanwhile

Read = Callable[[Path, ClipSpec], Frames]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of a file: pixels, or an error. `source` is None if not even the file could be read."""

    path: Path
    source: Source | None
    pixels: tuple[Frames, CachedFrames] | None
    error: str = ""


def decode_all(paths: Sequence[Path], spec: CacheSpec, processes: int) -> Iterator[Decoded]:
    """Yield every file, in the order in which they get done. Raises `TrainingError` if no decoder can be started."""
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(_FLIGHT * processes))
        read: Read = _read_still
        if not all(map(is_still, paths)):
            read = partial(_read, stack.enter_context(DecoderPool(processes)))
        waiting = iter(paths)
        flying = {threads.submit(_decode, path, spec, read) for path in islice(waiting, _FLIGHT * processes)}
        while flying:
            landed, flying = wait(flying, return_when=FIRST_COMPLETED)
            flying |= {threads.submit(_decode, path, spec, read) for path in islice(waiting, len(landed))}
            yield from map(_result, landed)


def _result(done: "Future[Decoded]") -> Decoded:
    try:
        return done.result()
    except DecodersUnavailable as error:
        raise TrainingError(str(error)) from error


def _read(pool: DecoderPool, path: Path, spec: ClipSpec) -> Frames:
    return _read_still(path, spec) if is_still(path) else pool.decode(path, spec).frames


def _read_still(path: Path, spec: ClipSpec) -> Frames:
    return read_still(path, spec)[None]


def _decode(path: Path, spec: CacheSpec, read: Read) -> Decoded:
    source = None
    try:
        source = Source.of(path)
        clip, copy = read(path, spec.clip), read(path, spec.larger)
        if Source.of(path, source) != source:
            return Decoded(path, None, None, "the file was changed while it was read")
    except (VideoError, OSError) as error:
        return Decoded(path, source, None, str(error))
    return Decoded(path, source, (clip, np.ascontiguousarray(copy.transpose(0, 3, 1, 2))))
