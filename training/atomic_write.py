"""Files that are there whole or not at all, also after a kill at any moment."""

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(path.name + ".partial")
    temporary.write_bytes(content)
    replace_atomically(temporary, path)


def replace_atomically(temporary: Path, path: Path) -> None:
    """Put a file that is written in full in its place, instead of an older one."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
