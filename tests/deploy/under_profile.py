"""Run a command under a seccomp profile in the form of container runtimes: under_profile.py PROFILE COMMAND...

By libseccomp, which they use, too.
"""

import ctypes
import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_COMPARISONS = {"SCMP_CMP_EQ": 4, "SCMP_CMP_MASKED_EQ": 7}  # enum scmp_compare


class _Comparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def main() -> None:
    """Take the profile on, then become the command."""
    enter(json.loads(Path(sys.argv[1]).read_text()))
    os.execvp(sys.argv[2], sys.argv[2:])


def enter(profile: dict[str, Any]) -> None:
    """Take a profile on, for good."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(_ERRNO | profile["defaultErrnoRet"]))
    for name in profile["architectures"]:
        token = lib.seccomp_arch_resolve_name(name.removeprefix("SCMP_ARCH_").lower().encode())
        assert token, name
        assert lib.seccomp_arch_add(context, token) in (0, -errno.EEXIST), name  # that of this machine is in it
    for entry in profile["syscalls"]:
        for name in entry["names"]:
            _add(lib, context, name, entry)
    assert lib.seccomp_load(context) == 0


def _add(lib: ctypes.CDLL, context: ctypes.c_void_p, name: str, entry: dict[str, Any]) -> None:
    action = _ALLOW if entry["action"] == "SCMP_ACT_ALLOW" else _ERRNO | entry["errnoRet"]
    number = lib.seccomp_syscall_resolve_name(name.encode())
    assert number != -1, f"libseccomp does not know {name}"
    arguments = [
        _Comparison(one["index"], _COMPARISONS[one["op"]], one["value"], one.get("valueTwo", 0))
        for one in entry.get("args", [])
    ]
    array = (_Comparison * len(arguments))(*arguments)
    assert lib.seccomp_rule_add_array(context, action, number, len(arguments), array) == 0, name


if __name__ == "__main__":
    main()
