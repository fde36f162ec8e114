"""UCF-101: a zip of its 13,320 videos (7 GB) and one of its official lists, sorted as the layout ucf101 has them.

The videos are for research; their page is https://www.crcv.ucf.edu/data/UCF101.php. Its authors offer them as a RAR,
which --videos takes too, but unpacking RARs is untested. Where a server's certificate is not accepted, get the file
with a browser, put it into DIR/archives and give the command again.
"""

import argparse
import logging
import re
from pathlib import Path
from shlex import quote

from training.data.readers.ucf101 import named_group
from training.fetch.archives import fetch_archive
from training.fetch.catalog import UCF101_LISTS, UCF101_PAGE, UCF101_RAR, UCF101_VIDEOS, chosen
from training.fetch.download import new_client

_LOGGER = logging.getLogger(__name__)

HELP = "101 actions, 13,320 videos, 7 GB"
VIDEOS = 13_320
_VIDEO = re.compile(r"v_\w+_g\d\d_c\d\d\.avi$")
_LIST = re.compile(r"(?:(?:train|test)list0[123]|classInd)\.txt$")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the addresses."""
    videos = f"archive of the videos (default: {UCF101_VIDEOS.url}; their authors': {UCF101_RAR})"
    parser.add_argument("--videos", default="", metavar="URL", help=videos)
    annotations = f"archive of the lists (default: {UCF101_LISTS.url})"
    parser.add_argument("--annotations", default="", metavar="URL", help=annotations)


def fetch(options: argparse.Namespace) -> None:
    """Download lists and videos into `options.to`. Raises `FetchError`."""
    folder: Path = options.to
    with new_client() as client:
        fetch_archive(client, chosen(options.annotations, UCF101_LISTS), folder, _place_list, options.keep_archives)
        fetch_archive(client, chosen(options.videos, UCF101_VIDEOS), folder, _place_video, options.keep_archives)
    found = sum(1 for _ in (folder / "UCF-101").glob("*/*.avi"))
    if found != VIDEOS:
        _LOGGER.warning(f"{found:,} videos are there, but UCF-101 has {VIDEOS:,}; see {UCF101_PAGE}")
    _LOGGER.info(
        f"python -m training.run --layout ucf101 --data {quote(str(folder / 'UCF-101'))}"
        f" --annotations {quote(str(folder / 'ucfTrainTestlist'))}"
    )


def _place_video(name: str) -> str | None:
    """Place a video in the folder of its class, whatever folder the archive had it in."""
    return f"UCF-101/{named_group(Path(name))[0]}/{name}" if _VIDEO.match(name) else None


def _place_list(name: str) -> str | None:
    return f"ucfTrainTestlist/{name}" if _LIST.match(name) else None
