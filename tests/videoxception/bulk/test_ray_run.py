"""The same tables on a Ray cluster as on one machine, from folders and from S3, whatever becomes of a node."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pyarrow import parquet
from pyarrow.fs import S3FileSystem

from tests.shipped import NAME
from tests.videoxception.bulk.conftest import add_node
from tests.videoxception.cli.test_cli import run
from tests.waiting import until
from videoxception.bulk import ray_run, results
from videoxception.bulk.actors import Task
from videoxception.bulk.errors import BulkError
from videoxception.bulk.listing import find

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
COMMAND = [sys.executable, "-c", "from videoxception.cli import main; main()"]
OPTIONS = ("--model", NAME, "--device", "cpu", "--precision", "f32")


def classify(source: object, out: object, *options: str) -> int:
    return run("classify", str(source), "--out", str(out), *OPTIONS, *options)


def rows(out: Path, name: str = "results") -> list[dict[str, object]]:
    return parquet.read_table(out / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="module")
def here(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one machine says of the videos."""
    out = tmp_path_factory.mktemp("here")
    assert classify(videos, out, "--format", "parquet", "--jobs", "1") == 1
    return out


def test_a_cluster_gives_the_same_tables_and_either_goes_on(
    cluster: object, videos: Path, here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on_ray = ("--ray", cluster.address)
    assert classify(videos, tmp_path, *on_ray) == 1
    assert "4 answers in" in capsys.readouterr().out
    assert rows(tmp_path) == rows(here)
    assert rows(tmp_path, "failed") == rows(here, "failed") != []
    assert classify(videos, tmp_path, *on_ray, "--coverage", "0.9") == 3
    assert "was begun otherwise: coverage was 0.95 and is 0.9 now" in capsys.readouterr().err
    assert classify(videos, tmp_path, "--format", "parquet") == 1
    assert "6 of them have a result already" in capsys.readouterr().err
    assert classify(videos, here, *on_ray) == 1
    assert "6 of them have a result already" in capsys.readouterr().err
    assert not list((here / "shards").glob("part-*"))


def test_windows_on_a_cluster(cluster: object, videos: Path, tmp_path: Path) -> None:
    look = ("--window", "0.4", "--step", "0.2")
    assert classify(videos, tmp_path / "here", *look, "--format", "parquet", "--jobs", "1") == 1
    assert classify(videos, tmp_path / "ray", *look, "--ray", cluster.address) == 1
    for name in ("results", "failed", "windows", "timeline"):
        assert rows(tmp_path / "ray", name) == rows(tmp_path / "here", name) != []


@pytest.fixture
def s3() -> Iterator[str]:
    """An S3 server with a bucket; what stands behind its URIs."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    yield f"scheme=http&region=us-east-1&endpoint_override=127.0.0.1:{port}"
    server.stop()


def test_from_s3_and_to_s3(cluster: object, videos: Path, here: Path, s3: str, tmp_path: Path) -> None:
    filesystem = S3FileSystem.from_uri(f"s3://bucket?{s3}&allow_bucket_creation=true")[0]
    filesystem.create_dir("bucket")
    names = [row["video"] for name in ("results", "failed") for row in rows(here, name)]
    there = [name for name in names if "\\" not in name]  # keys are text
    for name in there:
        with filesystem.open_output_stream(f"bucket/videos/{name}") as stream:
            stream.write((videos / name).read_bytes())
    out = f"s3://bucket/out?{s3}"
    for _ in range(2):  # the second time, nothing is left
        assert classify(f"s3://bucket/videos?{s3}", out, "--ray", cluster.address) == 1
    for name in ("results", "failed"):
        with filesystem.open_input_file(f"bucket/out/{name}.parquet") as file:
            said = parquet.read_table(file).to_pylist()
        assert said == [row for row in rows(here, name) if row["video"] in there]


def test_a_node_that_is_lost_loses_nothing_and_doubles_nothing(cluster: object, videos: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "videos", str(tmp_path / "out")
    folder.mkdir()
    names = [f"{number:03}.mp4" for number in range(40)]
    for name in names:
        (folder / name).hardlink_to(videos / "0.mp4")
    listing, lost, killed, written = find(str(folder)), next(iter(cluster.worker_nodes)), False, 0
    with ray_run.connected(cluster.address):
        header = ray_run.header(NAME, "", "cpu", "f32", 0.95, None)
        task, left = Task(listing.source, out, "", header), list(enumerate(listing.videos))
        for count in ray_run.run(task, left, size=4):
            written += count
            if not killed and actors_of(lost):
                killed = True
                threading.Thread(target=cluster.remove_node, args=(lost, False)).start()
    assert killed
    assert written == len(names)
    found = [row.video for path in sorted(Path(out, "shards").iterdir()) for row in read(path)]
    assert found == names
    with results.taken_up(out, header) as taken:
        assert [row.video for row in taken.rows()] == names
    add_node(cluster)


def test_a_machine_of_another_kind_ends_the_run(cluster: object, videos: Path, tmp_path: Path) -> None:
    listing = find(str(videos))

    def run_otherwise() -> None:
        with ray_run.connected(cluster.address):
            header = ray_run.header(NAME, "", "cpu", "f32", 0.95, None).model_copy(update={"cpu": "other"})
            list(ray_run.run(Task(listing.source, str(tmp_path), "", header), list(enumerate(listing.videos))))

    with pytest.raises(BulkError, match=r"is unlike those .*: cpu was other and is "):
        run_otherwise()


def actors_of(node: object) -> list[bytes]:
    """The processes of a node that classify."""
    raylet = str(node.all_processes["raylet"][0].process.pid)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.joinpath("stat").read_text().rpartition(")")[2].split()[1] == raylet:
                found.append(process.joinpath("cmdline").read_bytes())
    return [name for name in found if b"MapWorker" in name]


def read(path: Path) -> list[object]:
    from videoxception.bulk.parquet import read_shard

    return read_shard(path)[1]


def test_a_driver_that_is_killed_goes_on(cluster: object, videos: Path, here: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "videos", tmp_path / "out"
    folder.mkdir()
    names = [f"{number:03}.mp4" for number in range(160)]
    for name in names:
        (folder / name).hardlink_to(videos / "0.mp4")
    command = [*COMMAND, "classify", str(folder), "--out", str(out), *OPTIONS, "--ray", cluster.address]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        try:
            until(lambda: bool(list(out.glob("shards/part-*"))), 600)
        finally:
            first.kill()
    assert subprocess.run(command, check=False).returncode == 0
    said = rows(out)
    assert [row["video"] for row in said] == names
    assert {row["p_Punch"] for row in said} == {rows(here)[0]["p_Punch"]}
