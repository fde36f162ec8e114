"""Kinetics-400 from the copy of the Common Visual Data Foundation: annotations, and the clips of the parts asked for.

The training part is several hundred gigabytes in some 240 archives; each is unpacked and deleted before the next is
downloaded. Clips that are broken in the training part are replaced by an archive of their own. The clips are of YouTube
videos: whether you may use them is for you to decide.
"""

import argparse
import logging
from functools import partial
from pathlib import Path
from shlex import quote

import httpx

from training.fetch.archives import fetch_archive
from training.fetch.catalog import KINETICS400, FetchError, Source
from training.fetch.download import download, new_client

_LOGGER = logging.getLogger(__name__)

HELP = "400 actions, 10-second clips from YouTube, several hundred GB"
_PARTS = ("train", "val", "test")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the parts, and the address below which all lies."""
    parser.add_argument(
        "--parts", nargs="+", default=["train", "val"], choices=_PARTS, help="parts to fetch (default: train val)"
    )
    parser.add_argument("--base", default=KINETICS400, metavar="URL", help=f"(default: {KINETICS400})")


def fetch(options: argparse.Namespace) -> None:
    """Download annotations and clips into `options.to`. Raises `FetchError`."""
    folder: Path = options.to
    base = options.base.rstrip("/")
    with new_client() as client:
        for part in options.parts:
            download(client, Source(f"{base}/annotations/{part}.csv"), folder / "annotations")
            for source in _archives(client, base, part, folder):
                place = partial(_place_clip, source.name.partition(".")[0])
                fetch_archive(client, source, folder / part, place, options.keep_archives)
        if "train" in options.parts:
            broken = Source(f"{base}/replacement_for_corrupted_k400.tgz")
            fetch_archive(client, broken, folder, partial(_place_clip, "replacement"), options.keep_archives)
    _LOGGER.info(f"python -m training.run --layout kinetics400 --data {quote(str(folder))}")


def _archives(client: httpx.Client, base: str, part: str, folder: Path) -> list[Source]:
    """List the archives of a part. Raises `FetchError`."""
    listed = download(client, Source(f"{base}/{part}/k400_{part}_path.txt"), folder / part / "archives")
    sources = [Source(url) for url in listed.read_text(encoding="utf-8", errors="replace").split()]
    if not sources:
        raise FetchError(f"{listed} names no archives; delete it, and run again")
    return sources


def _place_clip(folder: str, name: str) -> str | None:
    return f"{folder}/{name}" if name.endswith(".mp4") else None
