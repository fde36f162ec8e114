"""The profile has what the service and the decoders' own sandbox call, and not what breaks out of a container."""

import json
import os
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import httpx
import pytest

from tests.deploy.rendered import KUBERNETES
from tests.service import free_port, start, wait_until_ready
from tests.shipped import NAME
from tests.videos import make_video
from tests.waiting import LONG
from videoxception.video.sandbox import _CALLS

PROFILE = KUBERNETES / "components/seccomp/videoxception.json"
UNDER = [sys.executable, str(Path(__file__).with_name("under_profile.py")), str(PROFILE)]
needs_libseccomp = pytest.mark.skipif(find_library("seccomp") is None, reason="libseccomp is not installed")


def allowed() -> set[str]:
    entries = json.loads(PROFILE.read_text())["syscalls"]
    return {name for entry in entries if entry["action"] == "SCMP_ACT_ALLOW" for name in entry["names"]}


def test_it_has_what_decoders_call_and_how_they_lock_themselves_in() -> None:
    assert set(_CALLS) <= allowed()
    assert {"prctl", "seccomp", "landlock_create_ruleset", "landlock_restrict_self", "prlimit64"} <= allowed()


def test_it_has_no_calls_for_what_the_service_never_does() -> None:
    never = "mount umount2 pivot_root chroot unshare setns ptrace process_vm_readv bpf io_uring_setup keyctl add_key"
    also = (
        "init_module kexec_load perf_event_open userfaultfd open_by_handle_at reboot setuid setgid capset memfd_create"
    )
    assert not allowed() & {*never.split(), *also.split()}


@needs_libseccomp
def test_other_calls_are_refused_and_new_namespaces_too() -> None:
    ask = "import ctypes; print(*(ctypes.CDLL(None, use_errno=True).syscall(*call) for call in {}))"
    calls = "[(39,), (272, 0), (56, 0x10000000 | 17, 0, 0, 0, 0), (41, 38, 5, 0)]"  # getpid, unshare, clone, AF_ALG
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers of the calls are those of x86-64")
    done = subprocess.run([*UNDER, sys.executable, "-c", ask.format(calls)], capture_output=True, text=True, check=True)
    number, *refused = map(int, done.stdout.split())
    assert number > 0
    assert refused == [-1, -1, -1]


@pytest.mark.slow
@needs_libseccomp
def test_the_service_and_its_sandbox_work_under_it(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", "libx264", 120).read_bytes()
    port = free_port()
    environment = os.environ | {
        "VX_PORT": str(port),
        "VX_DEVICE": "cpu",
        "VX_MODEL": NAME,
        "VX_TEMP_DIR": str(tmp_path),
    }
    with start([*UNDER, sys.executable, "-m", "app"], environment | {"PYTHONPATH": os.getcwd()}) as service:
        address = wait_until_ready(service, f"http://127.0.0.1:{port}")
        (filters,) = (
            line for line in Path(f"/proc/{service.pid}/status").read_text().splitlines() if "filters" in line
        )
        assert int(filters.split()[1]) > 0
        with httpx.Client(base_url=address, timeout=LONG) as client:
            assert client.post("/predict", content=video).status_code == 200
            assert client.post("/predict", files={"file": ("clip.mp4", video)}).status_code == 200
            assert len(client.post("/predict?window=1", content=video).json()["segments"]) > 1
            metrics = client.get("/metrics").text
        assert "videoxception_sandbox_missing_parts 0.0" in metrics
        assert 'videoxception_decoders_ended_total{cause="crashed"} 0.0' in metrics
        service.terminate()
        assert service.wait(LONG) == 0
