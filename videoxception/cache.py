"""The folder in which compiled models, and what was measured of them, are kept for later starts."""

from os import PathLike
from pathlib import Path

CACHE = "~/.cache/videoxception"


def cache_folder(name: str | PathLike[str] | None) -> Path | None:
    """Return the folder of a name, in which "~" is the user's home; None if it is empty, or the user has no home."""
    try:
        return Path(name).expanduser() if name else None
    except RuntimeError:
        return None
