"""Two nodes, each a network namespace of its own, train together by torchrun; one loses its process on the way."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch

from tests.commands import command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="network namespaces need root and iproute2"),
]
_EPOCHS = 12
_NODES = ("vx-node-0", "vx-node-1")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@pytest.fixture
def nodes() -> Iterator[Sequence[str]]:
    """Two network namespaces with a wire between them: 10.99.0.1 and 10.99.0.2."""
    with ExitStack() as stack:
        for name in _NODES:
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "wire", "netns", _NODES[0], "type", "veth", "peer", "name", "wire", "netns", _NODES[1])
        for number, name in enumerate(_NODES, 1):
            ip("-n", name, "addr", "add", f"10.99.0.{number}/24", "dev", "wire")
            ip("-n", name, "link", "set", "wire", "up")
        yield _NODES


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small videos that the recipe `smoke` makes."""
    run = tmp_path_factory.mktemp("alone")
    places = ["--run", str(run), "--cache", str(run / "cache")]
    ended = command("training.run", "--recipe", "smoke", "--stages", "1x1x32x8", "--no-publish", *places)
    assert ended.returncode == 0, ended.stderr
    return run / "data"


def start(node: str, videos: Path, run: Path, log: Path) -> "subprocess.Popen[bytes]":
    """Start torchrun on a node, as docs/how-to/scale.md says."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1"]
    launcher += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "10.99.0.1:29500", "--max-restarts", "3"]
    # Both namespaces have one host's name, by which torchrun would tell which node hosts the rendezvous.
    launcher += ["--rdzv-conf", f"is_host={int(node == _NODES[0])}"]
    launcher += ["--local-addr", f"10.99.0.{_NODES.index(node) + 1}"]
    trainer = ["-m", "training.run", "--recipe", "smoke", "--data", str(videos), "--run-dir", str(run), "--resume"]
    trainer += ["--stages", f"{_EPOCHS}x1x32x8", "--cache", str(run.with_suffix(".cache")), "--no-publish"]
    own = {name: value for name, value in os.environ.items() if name != "WORLD_SIZE"}
    with log.open("wb") as out:
        return subprocess.Popen(
            ["ip", "netns", "exec", node, *launcher, *trainer],
            env=own | {"GLOO_SOCKET_IFNAME": "wire", "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def trainer_of(node: str) -> int:
    """Return the process id of the trainer on a node, which its launcher has started."""
    inside = subprocess.run(["ip", "netns", "pids", node], check=True, capture_output=True, text=True).stdout.split()
    words = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0") for pid in inside}
    return min(pid for pid, said in words.items() if "training.run" in said and "torch.distributed.run" not in said)


def epochs_done(run: Path) -> int:
    log = run / "log.jsonl"
    return len(log.read_text().splitlines()) if log.exists() else 0


def train(videos: Path, run: Path, kill_after: int | None = None) -> dict[str, torch.Tensor]:
    """Train on both nodes; kill the second node's trainer after an epoch. Return the weights that would be released."""
    logs = [run.with_suffix(f".{number}.log") for number in range(2)]
    launchers = [start(node, videos, run, log) for node, log in zip(_NODES, logs, strict=True)]
    try:
        if kill_after is not None:
            while epochs_done(run) < kill_after:
                assert all(launcher.poll() is None for launcher in launchers), logs[0].read_text()
                time.sleep(0.05)
            os.kill(trainer_of(_NODES[1]), signal.SIGKILL)
        for launcher, log in zip(launchers, logs, strict=True):
            assert launcher.wait(timeout=200) == 0, log.read_text()
    finally:
        for launcher in launchers:
            launcher.terminate()
            launcher.wait(timeout=60)
    if kill_after is not None:
        assert "resuming after epoch" in logs[0].read_text() + logs[1].read_text()
    weights: dict[str, torch.Tensor] = torch.load(run / "checkpoint.pt", weights_only=True)["average"]
    return weights


@pytest.mark.usefixtures("nodes")
def test_a_lost_process_changes_nothing(videos: Path, tmp_path: Path) -> None:
    whole = train(videos, tmp_path / "whole")
    broken = train(videos, tmp_path / "broken", kill_after=3)
    assert epochs_done(tmp_path / "broken") == _EPOCHS
    assert all(torch.equal(whole[name], broken[name]) for name in whole)
