"""The heap that tensors are taken from.

A training step takes and gives back tensors of many megabytes. glibc asks the system for each of them anew and hands it
back after use, and the system fills every page with zeros, which may take longer than what is then computed.
"""

import ctypes
import platform

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's malloc.h


def keep_heap() -> bool:
    """Makes this process keep what it frees, for the next tensor; false where the C library has no such setting.

    The process then holds the most that it ever held at once. https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, -1))
