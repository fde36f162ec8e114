"""Downloads from a server on the loopback that cuts, lies and changes its mind; archives that mean harm."""

import hashlib
import io
import logging
import os
import stat
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from training.fetch import download as downloading
from training.fetch.__main__ import main
from training.fetch.catalog import FetchError, Source
from training.fetch.download import download, new_client
from training.fetch.unpack import unpack

CONTENT = bytes(range(256)) * 400


@dataclass
class Server:
    """Serves `files` by path, and misbehaves as told."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # the ranges that were asked for, "" for none
    tag: str = '"one"'
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)  # after so many bytes, the answers to come are cut
    extra: int = 0  # bytes more than there are that Content-Length tells
    status: int = 0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(downloading, "_PAUSE", 0.0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, told)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        told = Server(f"http://127.0.0.1:{serving.server_port}")
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        serving.shutdown()
        thread.join()


def answer(request: BaseHTTPRequestHandler, server: Server) -> None:
    asked = request.headers.get("Range", "")
    server.asked.append(asked)
    content = server.files.get(request.path)
    if server.status or content is None:
        request.send_error(server.status or 404)
        return
    start = 0
    if asked and server.ranges and request.headers.get("If-Range", server.tag) == server.tag:
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
    if start >= len(content) > 0:
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{len(content)}")
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    request.send_response(206 if start else 200)
    if start:
        request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content) + server.extra}")
    request.send_header("ETag", server.tag)
    request.send_header("Content-Length", str(len(content) - start + server.extra))
    request.end_headers()
    request.wfile.write(content[start:][: server.cuts.pop(0) if server.cuts else None])


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with new_client() as client:
        yield client


def test_a_download_has_its_name_only_when_it_is_whole(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    path = download(client, Source(f"{server.url}/a.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest()), tmp_path)
    assert path.read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["a.bin"]
    download(client, Source(f"{server.url}/a.bin"), tmp_path)
    assert len(server.asked) == 1  # it was there


def test_a_cut_connection_is_taken_up_where_it_was_cut(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    server.cuts = [1000, 2000, 0]
    assert download(client, Source(f"{server.url}/a.bin"), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["", "bytes=1000-", "bytes=3000-", "bytes=3000-"]


def test_a_killed_download_goes_on(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:5000])
    (tmp_path / "a.bin.part.tag").write_text(server.tag)
    assert download(client, Source(f"{server.url}/a.bin"), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=5000-"]


def test_a_download_killed_after_its_last_byte_is_whole(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    assert download(client, Source(f"{server.url}/a.bin"), tmp_path).read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_begun_anew(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    (tmp_path / "a.bin.part").write_bytes(b"older" * 10)
    (tmp_path / "a.bin.part.tag").write_text('"zero"')
    assert download(client, Source(f"{server.url}/a.bin"), tmp_path).read_bytes() == CONTENT


def test_a_server_without_ranges_is_asked_for_all(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    server.ranges, server.cuts = False, [1000]
    assert download(client, Source(f"{server.url}/a.bin"), tmp_path).read_bytes() == CONTENT


def test_a_server_that_tells_too_great_a_length(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    server.extra, server.ranges = 10, False
    with pytest.raises(FetchError, match=r"/a\.bin cannot be downloaded: .* put it at .*/a\.bin$"):
        download(client, Source(f"{server.url}/a.bin"), tmp_path)
    assert not (tmp_path / "a.bin").exists()
    assert len(server.asked) < 10


def test_a_server_that_takes_its_length_back(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    server.extra = 10  # but asked for the ten bytes, it says that there are no more
    assert download(client, Source(f"{server.url}/a.bin"), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["", f"bytes={len(CONTENT)}-"]


def test_a_server_with_less_than_is_there(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    (tmp_path / "a.bin.part").write_bytes(CONTENT * 2)
    assert download(client, Source(f"{server.url}/a.bin"), tmp_path).read_bytes() == CONTENT


def test_a_server_that_tells_too_small_a_length(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    server.extra = -10
    with pytest.raises(FetchError, match=r"has 102,390 bytes, but 102,400 are expected: it is another file"):
        download(client, Source(f"{server.url}/a.bin", len(CONTENT)), tmp_path)
    assert not (tmp_path / "a.bin").exists()


def test_a_file_of_another_hash_is_not_kept(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.files["/a.bin"] = CONTENT
    with pytest.raises(FetchError, match="is not the file that is expected"):
        download(client, Source(f"{server.url}/a.bin", sha256="0" * 64), tmp_path)
    assert not (tmp_path / "a.bin").exists()
    assert not (tmp_path / "a.bin.part").exists()


@pytest.mark.parametrize(("status", "message"), [(404, "answers 404"), (503, "cannot be downloaded: .* answers 503")])
def test_a_server_that_refuses(status: int, message: str, server: Server, client: httpx.Client, tmp_path: Path) -> None:
    server.status = status
    with pytest.raises(FetchError, match=message):
        download(client, Source(f"{server.url}/a.bin"), tmp_path)


def test_a_server_that_is_not_there(server: Server, client: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="cannot be downloaded"):
        download(client, Source("http://127.0.0.1:9/a.bin"), tmp_path)


def test_a_disk_without_room(
    server: Server, client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/a.bin"] = CONTENT
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 100}))
    with pytest.raises(FetchError, match=r"has 0\.0 GiB free, but 0\.0 GiB more are needed"):
        download(client, Source(f"{server.url}/a.bin"), tmp_path)


@pytest.mark.parametrize("url", ["https://example.org", "https://example.org/", "ftp://example.org/a", "x/..", "a.zip"])
def test_addresses_that_name_no_file(url: str) -> None:
    with pytest.raises(FetchError, match="is not the address of a file"):
        _ = Source(url).name


# Archives -----------------------------------------------------------------------------------------------------------


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    return buffer.getvalue()


def by_name(name: str) -> str:
    return name


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:/evil.txt"])
def test_paths_that_lead_outside(make: Callable[[dict[str, bytes]], bytes], name: str, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(make({name: b"x"}))
    with pytest.raises(FetchError, match="a path that leads outside"):
        unpack(archive, tmp_path / "in/here", by_name)
    assert not list(tmp_path.rglob("evil*"))


def test_links_are_not_made(tmp_path: Path) -> None:
    archive = tmp_path / "a.tgz"
    archive.write_bytes(tarred({"a.txt": b"x"}, link="b.txt"))
    assert unpack(archive, tmp_path / "out", by_name) == 1
    assert os.listdir(tmp_path / "out") == ["a.txt"]


def test_unpacking_goes_on_where_it_stopped(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(zipped({"one.txt": b"1" * 9, "two.txt": b"2" * 9}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/one.txt").write_bytes(b"!" * 9)  # there in full: left alone
    (tmp_path / "out/two.txt").write_bytes(b"!" * 8)
    assert unpack(archive, tmp_path / "out", by_name) == 2
    assert (tmp_path / "out/one.txt").read_bytes() == b"!" * 9
    assert (tmp_path / "out/two.txt").read_bytes() == b"2" * 9


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize("damage", ["end", "middle"])
def test_damaged_archives(make: Callable[[dict[str, bytes]], bytes], damage: str, tmp_path: Path) -> None:
    content = bytearray(make({"a.bin": os.urandom(50_000)}))
    if damage == "middle":
        content[20_000:20_100] = bytes(100)
    archive = tmp_path / "a.zip"
    archive.write_bytes(content if damage == "middle" else content[:30_000])
    with pytest.raises(FetchError, match=r"damaged.*delete it, and run again"):
        unpack(archive, tmp_path / "out", by_name)
    assert not list(tmp_path.rglob("*.bin"))


def test_an_archive_too_large_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(zipped({"a.bin": bytes(10_000_000)}))
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 9_999_999}))
    with pytest.raises(FetchError, match="GiB more are needed"):
        unpack(archive, tmp_path / "out", by_name)


def test_a_rar_needs_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "training")
    archive = tmp_path / "a.rar"
    archive.write_bytes(b"Rar!")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(FetchError, match="needs unrar or bsdtar"):
        unpack(archive, tmp_path / "out", by_name)
    assert "untested" in caplog.text


def test_what_a_rar_program_unpacks_is_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin/unrar"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nmkdir -p deep\necho hello > deep/a.txt\nln -s /etc/passwd deep/b.txt\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    archive = tmp_path / "a.rar"
    archive.write_bytes(b"Rar!")
    assert unpack(archive, tmp_path / "out", by_name) == 1
    assert os.listdir(tmp_path / "out") == ["a.txt"]


# Data sets ----------------------------------------------------------------------------------------------------------


def test_ucf101(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    videos = ["v_Punch_g01_c01.avi", "v_HandStandPushups_g01_c01.avi"]
    server.files["/videos.zip"] = zipped({f"UCF101/{name}": os.urandom(3000) for name in videos} | {"UCF101/x": b""})
    annotations = {f"ucfTrainTestlist/{name}": b"" for name in ("trainlist01.txt", "testlist03.txt", "classInd.txt")}
    server.files["/lists.zip"] = zipped(annotations | {"__MACOSX/._trainlist01.txt": b""})
    server.cuts = [100, 2000]
    command = ["ucf101", "--to", str(tmp_path), "--videos", f"{server.url}/videos.zip"]
    main([*command, "--annotations", f"{server.url}/lists.zip"])
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert found == [
        "UCF-101/HandstandPushups/v_HandStandPushups_g01_c01.avi",
        "UCF-101/Punch/v_Punch_g01_c01.avi",
        "archives/lists.zip.unpacked",
        "archives/videos.zip.unpacked",
        "ucfTrainTestlist/classInd.txt",
        "ucfTrainTestlist/testlist03.txt",
        "ucfTrainTestlist/trainlist01.txt",
    ]
    printed = capsys.readouterr().out
    assert "warning: 2 videos are there, but UCF-101 has 13,320" in printed
    assert f"--layout ucf101 --data {tmp_path}/UCF-101 --annotations {tmp_path}/ucfTrainTestlist" in printed
    asked = len(server.asked)
    main([*command, "--annotations", f"{server.url}/lists.zip"])
    assert len(server.asked) == asked  # nothing is fetched twice


def test_kinetics400(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = "-_val_guita_000000_000010.mp4"
    server.files["/k/annotations/val.csv"] = b"label,youtube_id,time_start,time_end,split\n"
    server.files["/k/val/k400_val_path.txt"] = f"{server.url}/k/val/part_0.tar.gz\r\n".encode()
    server.files["/k/val/part_0.tar.gz"] = tarred({f"./{clip}": b"video", "./notes.txt": b"x"})
    main(["kinetics400", "--to", str(tmp_path), "--parts", "val", "--base", f"{server.url}/k/", "--keep-archives"])
    assert (tmp_path / "val/part_0" / clip).read_bytes() == b"video"
    assert (tmp_path / "annotations/val.csv").is_file()
    assert (tmp_path / "val/archives/part_0.tar.gz").is_file()
    assert not list(tmp_path.rglob("notes.txt"))
    assert f"--layout kinetics400 --data {tmp_path}" in capsys.readouterr().out


def test_replacements_of_kinetics400(server: Server, tmp_path: Path) -> None:
    server.files["/annotations/train.csv"] = b"label\n"
    server.files["/train/k400_train_path.txt"] = f"{server.url}/train/part_0.tar.gz\n".encode()
    server.files["/train/part_0.tar.gz"] = tarred({"a_000000_000010.mp4": b"broken"})
    server.files["/replacement_for_corrupted_k400.tgz"] = tarred({"x/a_000000_000010.mp4": b"whole"})
    main(["kinetics400", "--to", str(tmp_path), "--parts", "train", "--base", server.url])
    assert (tmp_path / "replacement/a_000000_000010.mp4").read_bytes() == b"whole"


def test_msr_daily_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)no program can download them.*open https://.*put the zip"):
        main(["msr-daily", "--to", str(tmp_path)])


@pytest.mark.parametrize("downloaded", [True, False])
def test_msr_daily_is_unpacked(
    downloaded: bool, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = zipped({"a01_s01_e01_rgb.avi": b"video", "a01_s01_e01_depth.bin": b"depth"})
    whole = zipped({"MSRDailyActivity3D/MSRDailyAct3D_pack1.zip": pack, "MSRDailyActivity3D/SampleCode.zip": b"no"})
    (tmp_path / "MSRDailyActivity3D.zip").write_bytes(whole)
    command = ["msr-daily", "--to", str(tmp_path / "to")]
    if downloaded:
        server.files["/MSRDailyActivity3D.zip"] = whole
        command += ["--videos", f"{server.url}/MSRDailyActivity3D.zip"]
    else:
        (tmp_path / "to").mkdir()
        (tmp_path / "MSRDailyActivity3D.zip").rename(tmp_path / "to/MSRDailyActivity3D.zip")
    main(command)
    main(command)
    assert os.listdir(tmp_path / "to/videos") == ["a01_s01_e01_rgb.avi"]
    assert (tmp_path / "to/MSRDailyActivity3D.zip").is_file() != downloaded  # what a person brought is left to them
    assert "warning: 1 videos are there, but the data set has 320" in capsys.readouterr().out
