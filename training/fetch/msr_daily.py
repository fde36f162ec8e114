"""MSR DailyActivity3D: its page needs a person; this explains how, and unpacks what was downloaded.

Of the archives (3.3 GiB) the 320 videos are taken; depth maps and skeletons are left out.
"""

import argparse
import logging
import re
from pathlib import Path
from shlex import quote

from training.data.readers.msr_daily import CLIPS
from training.fetch.archives import fetch_archive, unpack_once
from training.fetch.catalog import MSR_DAILY_PAGE, FetchError, Source
from training.fetch.download import new_client
from training.fetch.unpack import unpack

_LOGGER = logging.getLogger(__name__)

HELP = "16 activities, 320 videos; a browser is needed"
_CLIP = re.compile(r"a\d\d_s\d\d_e\d\d_rgb\.avi$")
_PACK = re.compile(r"MSRDailyAct3D_pack\d+\.zip$")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add an address, for those who have one."""
    parser.add_argument("--videos", default="", metavar="URL", help="a zip of the data set, or of its packs")


def fetch(options: argparse.Namespace) -> None:
    """Unpack the zips that lie in `options.to`, or explain how they get there. Raises `FetchError`."""
    folder: Path = options.to
    if options.videos:
        with new_client() as client:
            fetch_archive(client, Source(options.videos), folder, _place, options.keep_archives)
    for archive in sorted(folder.glob("*.zip")):
        unpack_once(archive, folder, _place)
    for pack in sorted((folder / "packs").glob("*.zip")):
        unpack(pack, folder, _place)
        pack.unlink()
    found = sum(1 for _ in (folder / "videos").glob("*.avi"))
    if not found:
        raise FetchError(_EXPLAINED.format(page=MSR_DAILY_PAGE, folder=folder))
    if found != CLIPS:
        _LOGGER.warning(f"{found} videos are there, but the data set has {CLIPS}; are all packs in {folder}?")
    _LOGGER.info(f"python -m training.run --layout msr-daily --data {quote(str(folder / 'videos'))}")


def _place(name: str) -> str | None:
    """Place clips in one folder; the packs in the zip of all in another, to be unpacked in turn."""
    if _CLIP.match(name):
        return f"videos/{name}"
    return f"packs/{name}" if _PACK.match(name) else None


_EXPLAINED = """there are no videos of MSR DailyActivity3D yet, and no program can download them:
  1. open {page} in a browser, and follow its link to the files
  2. download the folder MSRDailyActivity3D, which comes as one zip, or its packs MSRDailyAct3D_pack1.zip to pack8.zip
  3. put the zip, or the packs, into {folder}, and give this command again"""
