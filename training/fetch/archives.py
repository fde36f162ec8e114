"""Archives, from address to files, once: what was unpacked leaves a mark, and is not downloaded again."""

import logging
from pathlib import Path

import httpx

from training.fetch.catalog import Source
from training.fetch.download import download
from training.fetch.unpack import Place, unpack

_LOGGER = logging.getLogger(__name__)


def fetch_archive(client: httpx.Client, source: Source, folder: Path, place: Place, keep: bool) -> None:
    """Download an archive into <folder>/archives and unpack what `place` wants of it below `folder`.

    It is deleted then, unless `keep`. Raises `FetchError`.
    """
    archive = folder / "archives" / source.name
    if not _mark(archive).exists():
        _LOGGER.info(f"fetching {source.url}")
        download(client, source, archive.parent)
    unpack_once(archive, folder, place)
    if not keep:
        archive.unlink(missing_ok=True)


def unpack_once(archive: Path, folder: Path, place: Place) -> None:
    """Unpack what `place` wants of an archive below `folder`, unless that was done before. Raises `FetchError`."""
    if _mark(archive).exists():
        _LOGGER.info(f"{archive.name} was unpacked before")
        return
    count = unpack(archive, folder, place)
    _mark(archive).touch()
    _LOGGER.info(f"unpacked {count:,} files of {archive.name}")


def _mark(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.unpacked")
