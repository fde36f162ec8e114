"""The heap that tensors are taken from.

A training step takes and gives back tensors of many megabytes. glibc asks the system anew for each of more than 32 MiB
and hands it back after use; and the system fills every page with zeros, which may take longer than all that is then
computed.
"""

import ctypes
import platform

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's malloc.h


def keep_heap() -> bool:
    """Makes this process keep what it frees, for the next tensor; false where the C library has no such setting.

    The process then never gives back what it has taken, and as tensors come in many sizes, that is more than it ever
    used at once. Large ones that other threads take are not kept. https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, -1))
