"""A check that the disk has room, before it is filled."""

import shutil
from pathlib import Path

from training.fetch.catalog import FetchError


def check_space(folder: Path, needed: int) -> None:
    """Make `folder`, and raise `FetchError` if its disk has not so many bytes free."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise FetchError(f"{folder} has {free / 2**30:.1f} GiB free, but {needed / 2**30:.1f} GiB more are needed")
