"""Bring a cache up to date with the files of a data set: what is there stays, the rest is decoded."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from training.cache.index import Source, stamp_of
from training.cache.spec import CacheSpec
from training.cache.store import Cache, CacheWriter, writing
from training.data.readers.image_folder import is_still
from training.errors import TrainingError
from training.progress import counting
from videoxception.cores import cores

_LOGGER = logging.getLogger(__name__)

_SPARE = 2**28  # bytes that are left free on the disk, for checkpoints and others


def prepare(
    folder: Path, spec: CacheSpec, paths: Sequence[Path], skip_bad: bool, processes: int = 0
) -> tuple[Cache, dict[Path, str]]:
    """Return the cache with all files that can be decoded, and what is wrong with the others.

    Waits while another process builds the cache.

    Args:
        paths: the files that are wanted.
        skip_bad: go on without files that cannot be decoded; else those are tried again.
        processes: decoder processes; 0: one a core.

    Raises:
        TrainingError: files cannot be decoded and not `skip_bad`, none can, or the disk has too little space.
    """
    unread: dict[Path, str] = {}
    if _outdated(Cache(folder, spec), paths, not skip_bad):
        with writing(folder, spec) as writer:
            todo = _outdated(Cache(folder, spec), paths, not skip_bad)
            todo = _note_known(Cache(folder, spec), writer, todo, not skip_bad)
            unread = _decode(folder, spec, writer, todo, processes or cores())
    cache = Cache.open(folder)
    bad = {path: unread.get(path) or _error(cache, path) for path in paths if path in unread or path not in cache}
    if len(bad) == len(paths) or (bad and not skip_bad):
        raise TrainingError(_refusal(bad, len(paths)))
    return cache, bad


def _outdated(cache: Cache, paths: Sequence[Path], retry: bool) -> list[Path]:
    """List the files that the cache lacks as they are now; with `retry` also those that could not be decoded."""
    return [path for path in paths if (retry and path not in cache) or not _is_current(cache, path)]


def _is_current(cache: Cache, path: Path) -> bool:
    entry = cache.entry(path)
    try:
        return entry is not None and entry.source.stamp == stamp_of(path)
    except OSError:
        return False


def _note_known(cache: Cache, writer: CacheWriter, paths: Sequence[Path], retry: bool) -> list[Path]:
    """Note files whose content the cache has under another name or time; return those that are left to do."""
    sizes = {entry.source.size for entry in cache.entries.values()}
    by_hash = {entry.source.sha256: entry for entry in cache.entries.values() if entry.place or not retry}
    left = []
    for path in paths:
        try:  # a file of a size that no other has is not worth being read for this
            source = Source.of(path) if stamp_of(path)[0] in sizes else None
        except OSError:
            source = None
        if source is not None and source.sha256 in by_hash:
            writer.add_alias(path, source, by_hash[source.sha256])
        else:
            left.append(path)
    return left


def _decode(
    folder: Path, spec: CacheSpec, writer: CacheWriter, paths: Sequence[Path], processes: int
) -> dict[Path, str]:
    """Add what the files decode to. Return why some could not even be read: those are in no index."""
    unread: dict[Path, str] = {}
    if not paths:
        return unread
    try:
        from training.cache.decode import decode_all
    except ImportError as error:  # a machine for training alone
        raise TrainingError(
            f"{len(paths)} files are not in the cache {folder}, and cannot be decoded here for want of {error.name};"
            f" build it where that is installed, or carry a pack (python -m training.cache pack) here"
        ) from error
    _check_space(folder, spec, paths)
    with counting(len(paths), f"decoding into {folder}", "files") as advance:
        for found in decode_all(paths, spec, processes):
            if found.pixels is not None and found.source is not None:
                writer.add(found.path, found.source, *found.pixels)
            elif found.source is not None:
                writer.add_broken(found.path, found.source, found.error)
            else:
                unread[found.path] = found.error
            advance()
    return unread


def _check_space(folder: Path, spec: CacheSpec, paths: Sequence[Path]) -> None:
    """Log how much space will be taken, or raise `TrainingError` if there is less."""
    needed, free = _needed(spec, paths), shutil.disk_usage(folder).free
    _LOGGER.info(f"decoding {len(paths)} files into {folder}: {gigabytes(needed)} of {gigabytes(free)} free")
    if needed + _SPARE > free:
        smaller = CacheSpec(spec.clip, spec.clip.frames, (spec.size[0] * 3 // 4, spec.size[1] * 3 // 4))
        raise TrainingError(
            f"{folder} needs {gigabytes(needed + _SPARE)} for {len(paths)} files ({spec} each, and the exact clips),"
            f" but its disk has {gigabytes(free)} free. Name a folder on another disk with --cache, or make smaller"
            f" copies: --cache-frames {smaller.frames} --cache-size {smaller.size[0]}x{smaller.size[1]}"
            f" needs {gigabytes(_needed(smaller, paths) + _SPARE)}"
        )


def _needed(spec: CacheSpec, paths: Sequence[Path]) -> int:
    return sum(spec.bytes_of(is_still(path)) for path in paths)


def gigabytes(size: int) -> str:
    """Return a size as people read it."""
    return f"{size / 1e9:.2f} GB"


def _error(cache: Cache, path: Path) -> str:
    entry = cache.entry(path)
    return entry.error if entry is not None else "nothing came of it"


def _refusal(bad: Mapping[Path, str], total: int) -> str:
    lines = [f"{path} cannot be read: {error}" for path, error in bad.items()]
    if len(bad) == total:
        return f"none of the {total} files can be used; {lines[0]}"
    if len(bad) == 1:
        return f"{lines[0]} (--skip-bad goes on without it)"
    return "\n  ".join([f"{len(bad)} of {total} files cannot be used; --skip-bad goes on without them", *lines])
