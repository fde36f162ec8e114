"""Where videos lie, without a network: folders, manifests, and file systems of PyArrow's."""

import os
from pathlib import Path

import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from videoxception.bulk import listing, sources
from videoxception.bulk.errors import BulkError
from videoxception.bulk.listing import find
from videoxception.bulk.run import check_on_disk
from videoxception.bulk.sources import Source, open_uri
from videoxception.video.errors import TooLarge


@pytest.fixture
def store(videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some of the videos, in the bucket `bucket` of every store."""
    for name in ("0.mp4", "deep/3.mp4", "notes.txt", "deep/.hidden.mp4"):
        (tmp_path / "bucket/deep").mkdir(parents=True, exist_ok=True)
        (tmp_path / "bucket" / name).write_bytes((videos / name.replace(".hidden", "3")).read_bytes())
    filesystem = SubTreeFileSystem(str(tmp_path), LocalFileSystem())

    def opened(uri: str, query: bool = True) -> tuple[SubTreeFileSystem, str]:
        return filesystem, uri.partition("?")[0].removeprefix("s3://")

    monkeypatch.setattr(sources, "open_uri", opened)
    monkeypatch.setattr(listing, "open_uri", opened)
    return tmp_path / "bucket"


def test_a_folder_is_listed_by_its_names(videos: Path) -> None:
    found = find(str(videos))
    assert found.videos == ["0.mp4", "1.mp4", "a bad one.mp4", os.fsdecode(b"caf\xe9.mp4"), "deep/3.mp4", "empty.mp4"]
    assert found.others == 1
    with found.source.fetch("deep/3.mp4", 0) as path:
        assert path == videos / "deep/3.mp4"  # itself, of whatever size


def test_a_manifest_names_paths_and_uris(videos: Path, tmp_path: Path) -> None:
    lines = ["a.mp4", f"{videos}/0.mp4", "", "s3://bucket/b?#%.mp4", "a.mp4"]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    found = find(str(tmp_path / "list.txt"))
    assert found.videos == ["a.mp4", f"{videos}/0.mp4", "s3://bucket/b?#%.mp4"]
    places = [found.source.place(video) for video in found.videos]
    assert places == [f"{tmp_path}/a.mp4", f"{videos}/0.mp4", "s3://bucket/b?#%.mp4"]
    check_on_disk(found.source, found.videos[:2])
    with pytest.raises(BulkError, match="is not on a disk: --ray reads object stores"):
        check_on_disk(found.source, found.videos)


@pytest.mark.parametrize(("name", "wrong"), [("0.mp4", "is a video"), ("nowhere", "there is no folder .*nowhere")])
def test_what_is_no_source_is_told(name: str, wrong: str, videos: Path) -> None:
    with pytest.raises(BulkError, match=wrong):
        find(str(videos / name))


def test_a_store_is_listed_and_fetched_from(store: Path) -> None:
    found = find("s3://bucket?region=x")
    assert (found.videos, found.others) == (["0.mp4", "deep/3.mp4"], 1)
    content = (store / "deep/3.mp4").read_bytes()
    with found.source.fetch("deep/3.mp4", len(content)) as path:
        assert path.read_bytes() == content
        assert path != store / "deep/3.mp4"
    assert not path.exists()
    with pytest.raises(TooLarge), found.source.fetch("deep/3.mp4", len(content) - 1):
        pass


def test_what_is_gone_is_the_videos_fault_and_a_failing_store_is_not(store: Path) -> None:
    source = Source("s3://bucket")
    with pytest.raises(FileNotFoundError), source.fetch("gone.mp4", 1):
        pass
    with pytest.raises(BulkError, match=r"deep cannot be fetched: .* goes on later"), source.fetch("deep", 1):
        pass


def test_options_of_a_store_stand_behind_its_uri() -> None:
    options = "region=us-east-1&endpoint_override=127.0.0.1:1&scheme=http"
    filesystem, place = open_uri(f"s3://bucket/a folder/?{options}")
    assert (filesystem.type_name, filesystem.region, place) == ("s3", "us-east-1", "bucket/a folder")
    assert Source(f"s3://bucket/a?{options}").place("b.mp4") == f"s3://bucket/a/b.mp4?{options}"
    with pytest.raises(BulkError, match="nonsense://bucket cannot be opened"):
        open_uri("nonsense://bucket/a")
