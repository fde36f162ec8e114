"""CPU time and memory of a process and all that it started. Linux: read from /proc."""

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: all that is resident, pages that are shared counted in parts, and of it what lies in no file."""

    resident: int = 0
    anonymous: int = 0

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.resident + other.resident, self.anonymous + other.anonymous)


def tree(root: int) -> list[int]:
    """The process and its descendants that live."""
    parents = {pid: int(fields[1]) for pid, fields in _all_stats()}
    found = [root]
    for pid in found:  # which grows
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of a process, its descendants, and those of them that have ended and were waited for."""
    pids = set(tree(root))
    return sum(sum(map(int, fields[11:15])) for pid, fields in _all_stats() if pid in pids) / _TICKS


def memory(root: int) -> Memory:
    """Of a process and its descendants."""
    return sum((_memory_of(pid) for pid in tree(root)), Memory())


def _all_stats() -> list[tuple[int, list[str]]]:
    """(process id, fields of /proc/PID/stat behind its name) of every process."""
    stats = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            stats.append((int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()))
    return stats


def _memory_of(pid: int) -> Memory:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # it has ended
        return Memory()
    sizes = {name: int(rest.split()[0]) * _KIB for name, _, rest in (line.partition(":") for line in lines)}
    return Memory(sizes["Pss"], sizes["Pss_Anon"])


class Watch:
    """Looks at a process's memory every so often, in a thread; a context manager."""

    def __init__(self, pid: int, every: float = 1.0) -> None:
        self._pid = pid
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.peak = 0  # resident bytes

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, memory(self._pid).resident)
            if self._over.wait(self._every):
                return

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
