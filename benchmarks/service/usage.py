"""CPU time and memory of a process and its descendants, read from Linux's /proc."""

import os
import threading
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def tree(root: int) -> list[int]:
    """Return the ids of the process and its living descendants."""
    parents = {pid: int(fields[1]) for pid, fields in _all_stats()}
    found = [root]
    for pid in found:  # which grows
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_seconds(root: int) -> float:
    """Return the CPU seconds of a process and its descendants, including those that were waited for."""
    pids = set(tree(root))
    return sum(sum(map(int, fields[11:15])) for pid, fields in _all_stats() if pid in pids) / _TICKS


def memory(root: int) -> int:
    """Return the anonymous resident bytes of a process and its descendants: mapped files are left out.

    The kernel keeps these counts. Proportional shares of pages that several processes share would need a walk over all
    pages, which would distort the measurement.
    """
    return sum(_memory_of(pid) for pid in tree(root))


def _all_stats() -> list[tuple[int, list[str]]]:
    """Return (process id, fields of /proc/PID/stat after its name) of every process."""
    stats = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            stats.append((int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()))
    return stats


def _memory_of(pid: int) -> int:
    try:
        resident, in_files = map(int, Path(f"/proc/{pid}/statm").read_text().split()[1:3])
    except OSError:  # it has ended
        return 0
    return (resident - in_files) * _PAGE


class Watch:
    """Samples a process's memory periodically in a thread; a context manager."""

    def __init__(self, pid: int, every: float = 1.0) -> None:
        self._pid = pid
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.peak = 0  # bytes

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, memory(self._pid))
            if self._over.wait(self._every):
                return

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
