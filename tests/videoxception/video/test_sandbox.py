"""Hostile code inside a decoder process, on purpose: whatever it tries, it is refused."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shipped import SHIPPED

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="no sandbox for this system"
)

_SCRIPT = """
import ctypes, errno, os, resource, signal, socket, sys, threading
from videoxception.video import memory, sandbox, worker
worker._import_everything()
libc = ctypes.CDLL(None, use_errno=True)
kept = open(sys.argv[1], "r+b")  # an open file, as an upload is
missing = sandbox.enter(memory.address_space(None, 0, 1))
assert missing == [], missing

def call(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")

try:
    {attempt}
except (OSError, MemoryError, RuntimeError, ValueError) as error:
    os.write(1, ("refused: " + type(error).__name__).encode())
else:
    os.write(1, b"done")
"""

ESCAPES = {
    "open the model store": f"open({str(SHIPPED.folder / 'model.json')!r})",
    "open /etc/passwd": "open('/etc/passwd')",
    "open another's upload": "open(sys.argv[1] + '.other')",
    "list a folder": "os.listdir('/tmp')",
    "create a file": "open('/tmp/videoxception-escape', 'w')",
    "remove a file": "os.unlink(sys.argv[1] + '.other')",
    "rename a file": "os.rename(sys.argv[1] + '.other', '/tmp/videoxception-escape')",
    "change a file's mode": "os.chmod(sys.argv[1], 0o777)",
    "read the parent's environment": "open(f'/proc/{os.getppid()}/environ')",
    "read its own memory map": "open('/proc/self/maps')",
    "make a socket": "socket.socket()",
    "make a Unix socket": "socket.socket(socket.AF_UNIX)",
    "make a pair of sockets": "socket.socketpair()",
    "fork": "os.fork()",
    "start a thread": "threading.Thread(target=print).start()",
    "execute": "os.execv('/bin/sh', ['sh', '-c', 'echo out'])",
    "trace the parent": "call(libc.ptrace(16, os.getppid(), 0, 0))",
    "read the parent's memory": "call(libc.process_vm_readv(os.getppid(), None, 0, None, 0, 0))",
    "kill the parent": "os.kill(os.getppid(), signal.SIGTERM)",
    "write 1 GB": "kept.write(bytes(2**20) * 1024); kept.flush()",
    "take 8 GB": "bytes(8 * 2**30)",
    "raise a limit": "resource.setrlimit(resource.RLIMIT_FSIZE, (2**40, 2**40))",
    "limit the parent": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "change the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
    "mount": "call(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))",
    "load a program into the kernel": "call(libc.syscall(321, 0, 0, 0))",
    "become someone else": "os.setuid(1234)",
    "make memory and code of a name": "os.memfd_create('x')",
}


def run(attempt: str, tmp_path: Path) -> str:
    upload = tmp_path / "upload"
    upload.write_bytes(b"video")
    Path(f"{upload}.other").write_bytes(b"another's video")
    script = _SCRIPT.replace("{attempt}", attempt)
    ended = subprocess.run(
        [sys.executable, "-c", script, str(upload)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"OPENBLAS_NUM_THREADS": "1", "SECRET": "x"},
        timeout=60,
        check=False,
    )
    assert Path(f"{upload}.other").read_bytes() == b"another's video"
    assert upload.stat().st_size < 2**20
    return ended.stdout or f"died of {ended.returncode}: {ended.stderr[-500:]}"


@pytest.mark.parametrize("escape", ESCAPES)
def test_escapes_are_refused(escape: str, tmp_path: Path) -> None:
    outcome = run(ESCAPES[escape], tmp_path)
    # A write over the file limit is answered by a signal if nothing else.
    assert outcome.startswith("refused") or f"died of -{25}" in outcome, outcome
    assert os.getppid() > 0


def test_what_decoding_needs_still_works(tmp_path: Path) -> None:
    """Or else every refusal above could be a crash of the test's own script."""
    assert run("kept.seek(0); assert kept.read() == b'video'; bytes(2**20)", tmp_path) == "done"
