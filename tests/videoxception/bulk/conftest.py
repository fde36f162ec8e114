"""Videos, and a Ray cluster of two nodes on this machine's loopback."""

import csv
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.videos import make_video

os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # what keeps Ray to 127.0.0.1; read when Ray is imported

NODE = {"num_cpus": 2, "object_store_memory": 200 * 2**20, "node_ip_address": "127.0.0.1"}
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
PATIENCE = {"RAY_worker_register_timeout_seconds": "600", "RAY_worker_niceness": "0"}  # of a busy machine
_TRIES = 6  # a node gives its agent 15 s to start, which is too little on a busy machine


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good videos, one of them deep inside, bad ones, and one whose name is no text."""
    root = tmp_path_factory.mktemp("videos")
    (root / "deep").mkdir()
    for number in range(4):
        make_video(root / f"{number}.mp4", "libx264", 20 + number)
    (root / "3.mp4").rename(root / "deep/3.mp4")
    (root / "2.mp4").rename(root / os.fsdecode(b"caf\xe9.mp4"))
    (root / "a bad one.mp4").write_text("no video")
    (root / "empty.mp4").touch()
    (root / "notes.txt").write_text("no video")
    return root


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    """A cluster whose head has two CPUs, and a second node as many."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", **KEYS, **PATIENCE}  # its workers inherit them
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    try:
        for _ in range(2):
            add_node(cluster)
        yield cluster
    finally:
        cluster.shutdown()


def add_node(cluster: object) -> object:
    """Start a node; the first is the head."""
    for _ in range(_TRIES - 1):
        with suppress(Exception):
            return cluster.add_node(**NODE, include_dashboard=False)
    return cluster.add_node(**NODE, include_dashboard=False)


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
