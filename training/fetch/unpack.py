"""Unpack wanted files from zip, tar and RAR archives that are not trusted, each to where it is wanted.

A member's own path decides nothing: the caller places each by its name, and an archive with paths that lead outside is
refused whole. Links and devices are never made. What is there in its full size already is left alone, so that unpacking
goes on where it stopped.
"""

import logging
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from gzip import BadGzipFile
from pathlib import Path, PurePosixPath
from typing import IO

from training.fetch.catalog import FetchError
from training.fetch.disk import check_space
from training.progress import track

_LOGGER = logging.getLogger(__name__)

Place = Callable[[str], str | None]
"""From a file's name to its path below the target folder, or None if it is not wanted."""

_RAR_PROGRAMS = (("unrar", "x", "-idq", "-o+"), ("bsdtar", "-xf"))


def unpack(archive: Path, folder: Path, place: Place) -> int:
    """Write the wanted files below `folder` and return how many there are. Raises `FetchError`."""
    try:
        if zipfile.is_zipfile(archive):
            return _unzip(archive, folder, place)
        if tarfile.is_tarfile(archive):
            return _untar(archive, folder, place)
        if archive.suffix.lower() == ".rar":
            return _unrar(archive, folder, place)
    except (zipfile.BadZipFile, tarfile.TarError, BadGzipFile, zlib.error, EOFError, RuntimeError) as error:
        raise FetchError(f"{archive} is damaged: {error}; delete it, and run again") from error
    raise FetchError(f"{archive} is no zip, tar or RAR archive, or a damaged one; delete it, and run again")


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size: int
    open: Callable[[], IO[bytes]]


def _unzip(archive: Path, folder: Path, place: Place) -> int:
    with zipfile.ZipFile(archive) as opened:
        files = [info for info in opened.infolist() if not info.is_dir()]
        members = [_Member(info.filename, info.file_size, partial(opened.open, info)) for info in files]
        return _write(archive, folder, members, place)


def _untar(archive: Path, folder: Path, place: Place) -> int:
    with tarfile.open(archive) as opened:
        files = [info for info in opened if info.isfile()]
        while opened.fileobj and opened.fileobj.read(1 << 20):
            pass  # to the checksum at the end of a compressed tar, before anything is written
        members = [_Member(info.name, info.size, partial(_extracted, opened, info)) for info in files]
        return _write(archive, folder, members, place)


def _extracted(opened: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    stream = opened.extractfile(info)
    assert stream is not None  # which it is for links and folders only
    return stream


def _write(archive: Path, folder: Path, members: Sequence[_Member], place: Place) -> int:
    targets = _targets(archive, folder, [member.name for member in members], place)
    wanted = [(member, targets[member.name]) for member in members if member.name in targets]
    check_space(folder, sum(member.size for member, path in wanted if not path.exists()))
    for member, path in track(wanted, f"unpacking {archive.name}"):
        if not _there(path, member.size):
            with member.open() as stream, _written(path) as file:
                shutil.copyfileobj(stream, file, 1 << 20)
    return len(wanted)


def _unrar(archive: Path, folder: Path, place: Place) -> int:
    """Unpack by a program of the system, into a folder of its own, from which the wanted files are moved."""
    _LOGGER.info("note: unpacking RAR archives is untested: no free program makes one to test it with")
    command = next((c for c in _RAR_PROGRAMS if shutil.which(c[0])), None)
    if command is None:
        raise FetchError(f"{archive} needs unrar or bsdtar (libarchive-tools) to be unpacked; install one of them")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacking-") as scratch:
        called = [*command, str(archive.resolve())]
        done = subprocess.run(called, cwd=scratch, capture_output=True, text=True, check=False)
        if done.returncode:
            raise FetchError(f"{command[0]} cannot unpack {archive}: {done.stderr.strip() or done.returncode}")
        found = [path for path in sorted(Path(scratch).rglob("*")) if path.is_file() and not path.is_symlink()]
        names = {path.relative_to(scratch).as_posix(): path for path in found}
        targets = _targets(archive, folder, list(names), place)
        for name, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            names[name].replace(target)
    return len(targets)


def _targets(archive: Path, folder: Path, names: list[str], place: Place) -> dict[str, Path]:
    """Return where the wanted members go. Raises `FetchError` for a path that leads out of the archive's own tree."""
    targets = {}
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
            raise FetchError(f"{archive} holds {name!r}, a path that leads outside; it is not to be trusted")
        wanted = place(path.name)
        if wanted is not None:
            targets[name] = folder / wanted
    return targets


def _there(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that has its name only once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
