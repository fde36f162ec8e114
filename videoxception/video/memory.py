"""How much memory a decoder process may take, and what happens where there is too little of it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_MOST = 4 * 2**30  # bytes of address space; OpenBLAS and FFmpeg reserve more than they use
_SHARE, _SHARE_OF_ALL = 0.25, 0.5  # of the container's memory for one decoder, and all, beside what they start with
_NO_LIMIT = 2**62  # version 1 of control groups has no word for it, and says the largest number of pages
_FIRST = "1000"  # the highest there is


def address_space(limit: int | None, taken: int, decoders: int) -> int:
    """Return the bytes of address space for each of so many processes, in a container of `limit` bytes of memory.

    `taken` are the bytes of address space that it has already.
    """
    share = min(_SHARE, _SHARE_OF_ALL / decoders)
    return _MOST if limit is None else min(_MOST, taken + int(limit * share))


def address_space_taken(process: Path = Path("/proc/self")) -> int:
    """Return the bytes of address space that this process has; 0 if the system does not say."""
    with suppress(OSError):
        return int((process / "statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def container_limit(process: Path = Path("/proc/self"), mount: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the bytes of memory that this process's control groups may take; None if there is no limit.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory.html, for both versions.
    """
    with suppress(OSError):
        least = min(_limits((process / "cgroup").read_text(), mount), default=_NO_LIMIT)
        return least if least < _NO_LIMIT else None
    return None


def _limits(groups: str, mount: Path) -> Iterator[int]:
    """Yield the limits of each group and of those above it, as far as the container shows them."""
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            folder, file = mount / controllers, "memory.limit_in_bytes" if controllers else "memory.max"
            for part in ("", *path.split("/")):
                folder /= part
                with suppress(OSError, ValueError):  # not shown here, or "max"
                    yield int((folder / file).read_text())


def be_killed_first() -> None:
    """Have the kernel kill this process before others of its container where memory runs out, if it allows that."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST)
