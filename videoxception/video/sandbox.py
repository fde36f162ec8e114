"""The sandbox that a decoder process puts itself in before it opens an upload.

A file that takes over FFmpeg finds itself in a process that cannot open a file, reach a network, start or look at
another process, or use more than its share. Linux only; what a kernel does not offer is reported, and the rest holds.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF, _LANDLOCK_VERSION = 444, 446, 1

# What decoding needs: memory, the files and the socket that are open already, clocks, and the way out. Everything else
# is refused with EPERM: opening files, sockets, forking, executing, tracing, signalling, limits. Numbers on x86-64 and
# on 64-bit Arm, from arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h in Linux.
# fmt: off
_CALLS = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62), "mmap": (9, 222),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "pread64": (17, 67), "readv": (19, 65),
    "writev": (20, 66), "mremap": (25, 216), "madvise": (28, 233), "dup": (32, 23), "getpid": (39, 172),
    "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211), "recvmsg": (47, 212), "exit": (60, 93),
    "fcntl": (72, 25), "gettimeofday": (96, 169), "getrusage": (98, 165), "sigaltstack": (131, 132),
    "gettid": (186, 178), "futex": (202, 98), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115), "exit_group": (231, 94), "newfstatat": (262, 79), "ppoll": (271, 73),
    "set_robust_list": (273, 99), "getrandom": (318, 278), "rseq": (334, 293), "membarrier": (324, 283),
}
# fmt: on
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # AUDIT_ARCH_*, and the column above


class SandboxUnavailable(Exception):
    """A part of the sandbox that this kernel does not offer."""


def enter(memory: int) -> list[str]:
    """Lock the process in, for good. `memory` is its address space in bytes.

    Return, in words, what the kernel does not offer. Files that are open stay open; none can be opened any more, so
    that all modules must have been imported.
    """
    _limit(memory)
    if sys.platform != "linux":
        return ["no sandbox: not Linux"]
    libc = ctypes.CDLL(None, use_errno=True)
    missing = []
    for take in (_leave_privileges, _leave_files, _leave_system_calls):
        try:
            take(libc)
        except SandboxUnavailable as error:
            missing.append(str(error))
    return missing


def _limit(memory: int) -> None:
    """Limit what the process may use. Its time is limited from outside, file by file."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        bounded = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bounded, bounded))


def _leave_privileges(libc: ctypes.CDLL) -> None:
    """Give up new privileges, memory dumps and tracers, and have the process die with its parent."""
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_DUMPABLE, 0), (_PR_SET_PDEATHSIG, 9)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise SandboxUnavailable(f"prctl({option}): {_error()}")


def _leave_files(libc: ctypes.CDLL) -> None:
    """Enter Landlock with no rule at all: no path can be opened, changed or run, no TCP port bound or connected to.

    Source: https://docs.kernel.org/userspace-api/landlock.html
    """
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        raise SandboxUnavailable(f"no Landlock: {_error()}")
    # Rights were added with versions 2 (refer), 3 (truncate) and 5 (ioctl); network with 4; scopes with 6.
    files = (1 << (13 + (version >= 2) + (version >= 3) + (version >= 5))) - 1
    attributes = struct.pack("QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0 or libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        raise SandboxUnavailable(f"no Landlock: {_error()}")
    os.close(ruleset)


def _leave_system_calls(libc: ctypes.CDLL) -> None:
    """Install a seccomp filter that answers every call that is not in the list with EPERM."""
    if platform.machine() not in _ARCHITECTURES:
        raise SandboxUnavailable(f"no seccomp filter for {platform.machine()}")
    architecture, column = _ARCHITECTURES[platform.machine()]
    program = _filter(architecture, [numbers[column] for numbers in _CALLS.values()])
    code = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(fprog), 0, 0) != 0:
        raise SandboxUnavailable(f"no seccomp: {_error()}")


def _filter(architecture: int, numbers: list[int]) -> bytes:
    """Return a classic BPF program over struct seccomp_data: {int nr; u32 arch; ...}.

    Calls of another architecture kill the process.
    """
    load, jump_if_equal, give = 0x20, 0x15, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000

    def step(code: int, if_true: int, if_false: int, value: int) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, value)

    program = [
        step(load, 0, 0, 4),
        step(jump_if_equal, 1, 0, architecture),
        step(give, 0, 0, kill),
        step(load, 0, 0, 0),
    ]
    for left, number in zip(range(len(numbers), 0, -1), numbers, strict=True):
        program.append(step(jump_if_equal, left, 0, number))  # to the last step
    program += [step(give, 0, 0, refuse), step(give, 0, 0, allow)]
    return b"".join(program)


def _error() -> str:
    return os.strerror(ctypes.get_errno())
