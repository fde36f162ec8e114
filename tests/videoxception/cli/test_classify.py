"""`videoxception classify`: nothing lost, nothing twice, whatever ends it, and the service's numbers."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.shipped import NAME, SHIPPED
from tests.videos import make_video
from tests.videoxception.cli.test_cli import run
from tests.waiting import until
from videoxception import Classifier
from videoxception.bulk.errors import BulkError
from videoxception.bulk.estimate import in_words, sample_of
from videoxception.bulk.listing import find_videos
from videoxception.bulk.rows import Failure, Header, Row
from videoxception.bulk.shards import Shards, locked, precision_in

COMMAND = [sys.executable, "-c", "from videoxception.cli import main; main()"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good videos, one of them deep inside; a bad one, one whose name is no text, and what is no video by name."""
    root = tmp_path_factory.mktemp("videos")
    (root / "deep/er").mkdir(parents=True)
    (root / ".hidden").mkdir()
    good = make_video(root / "a.mp4", "libx264", 20)
    (root / "deep/er/b.AVI").write_bytes(make_video(root / "b.avi", "mpeg4", 30).read_bytes())
    (root / "b.avi").rename(root / os.fsdecode(b"caf\xe9.avi"))
    (root / "c.mp4").write_text("no video")
    (root / "notes.txt").write_text("no video")
    (root / ".hidden/d.mp4").write_bytes(good.read_bytes())
    return root


def classify(folder: Path, out: Path, *options: str) -> int:
    return run("classify", str(folder), "--out", str(out), "--model", NAME, "--device", "cpu", *options)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_video_gets_a_row_and_the_librarys_numbers(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert classify(folder, tmp_path) == 1
    printed = capsys.readouterr()
    answers, failures = table(tmp_path / "results.csv"), table(tmp_path / "failed.csv")
    assert [row["video"] for row in answers] == ["a.mp4", "caf\\xe9.avi", "deep/er/b.AVI"]
    assert [(row["video"], row["type"]) for row in failures] == [("c.mp4", "not-a-video")]
    assert "1 other files are passed over" in printed.err
    assert "c.mp4: the file is not a video" in printed.err
    assert printed.out.startswith(f"3 answers in {tmp_path}/results.csv, 1 errors in ")
    with Classifier.load(NAME, device="cpu") as classifier:
        expected = classifier.predict(folder / "a.mp4").answer
    told = {name.removeprefix("p_"): float(share) for name, share in answers[0].items() if name[:2] == "p_"}
    assert told == expected.probabilities
    assert answers[0]["label"] == expected.label


def test_a_second_run_takes_what_is_new(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    videos, out = tmp_path / "videos", tmp_path / "videos/out"
    videos.mkdir()
    (videos / "a.mp4").write_bytes((folder / "a.mp4").read_bytes())
    assert classify(videos, out, "--precision", "f32") == 0
    (videos / "b.mp4").write_bytes((folder / "a.mp4").read_bytes())
    assert classify(videos, out, "--format", "parquet") == 0
    assert "1 of them have a result already" in capsys.readouterr().err
    rows = parquet.read_table(out / "results.parquet").to_pylist()
    assert [row["video"] for row in rows] == ["a.mp4", "b.mp4"]
    assert rows[0]["sha256"] == rows[1]["sha256"]
    assert rows[0]["p_Punch"] == float(table(out / "results.csv")[0]["p_Punch"])
    assert classify(videos, out, "--coverage", "0.9") == 3
    assert "was begun otherwise: coverage was 0.95 and is 0.9 now" in capsys.readouterr().err


def test_a_kill_loses_no_row_and_doubles_none(tmp_path: Path) -> None:
    """The process is killed when it has written some rows, and the next goes on."""
    videos, out = tmp_path / "videos", tmp_path / "out"
    videos.mkdir()
    clip = make_video(tmp_path / "clip.mp4", "libx264", 20)
    names = [f"{number:03}.mp4" for number in range(60)]
    for name in names:
        (videos / name).hardlink_to(clip)
    command = [*COMMAND, "classify", str(videos), "--out", str(out), "--model", NAME, "--device", "cpu"]
    shard = out / "shards/00000.jsonl"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        until(lambda: shard.exists() and shard.read_bytes().count(b"\n") > 4)
        first.send_signal(signal.SIGKILL)
    before = shard.read_bytes()
    assert 4 < before.count(b"\n") <= len(names)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert shard.read_bytes().startswith(before[: before.rfind(b"\n") + 1])
    assert [row["video"] for row in table(out / "results.csv")] == names


def test_an_estimate_writes_nothing(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert classify(folder, tmp_path / "out", "--estimate") == 0
    assert "4 of 4 videos took " in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_samples_are_spread_evenly() -> None:
    assert sample_of([str(number) for number in range(64)]) == [str(number) for number in range(0, 64, 2)]
    assert sample_of(["a"]) == ["a"]
    assert [in_words(seconds) for seconds in (5.4, 600, 36000)] == ["5 s", "10 min", "10.0 h"]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert classify(tmp_path / "nowhere", tmp_path / "out") == 3
    assert f"error: there is no folder {tmp_path}/nowhere" in capsys.readouterr().err


def test_a_listing_may_take_every_file(folder: Path) -> None:
    assert find_videos(folder).others == 1
    every = find_videos(folder, every_file=True)
    assert (len(every.videos), every.others, "notes.txt" in every.videos) == (5, 0, True)
    assert len(find_videos(folder, leave_out=folder / "deep").videos) == 3


@pytest.fixture
def header() -> Header:
    manifest = SHIPPED.manifest
    model = {"name": manifest.name, "version": manifest.version, "sha256": SHIPPED.sha256, "precision": "f32"}
    told = {"videoxception": "1", "device": "cpu", "coverage": 0.95, "classes": manifest.classes}
    return Header.model_validate({"model": model, **told})


def failed(number: int) -> Row:
    return Row(video=f"{number}.mp4", error=Failure(type="unreadable", detail='it is gone\n"for ever"'))


def written(shards: Shards) -> Iterator[str]:
    return (row.video for row in shards.rows())


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_shards_are_taken_up_wherever_the_writer_was_killed(form: str, header: Header, tmp_path: Path) -> None:
    rows = [failed(number) for number in range(5)]
    shards = Shards(tmp_path, header, form, rows=2)
    for row in rows:
        shards.append(row)
    last = tmp_path / "shards/00002.jsonl"
    whole = last.read_bytes()
    for end in (0, 1, len(whole) // 3, whole.index(b"\n") + 1, len(whole) - 2, len(whole) - 1):
        last.write_bytes(whole[:end])
        again = Shards(tmp_path, header, form, rows=2)
        assert len(again.done) == 4
        again.append(rows[4])
        assert list(again.rows()) == rows
    assert list(written(Shards(tmp_path, header, form, rows=2))) == [row.video for row in rows]
    assert {path.suffix for path in (tmp_path / "shards").iterdir()} == {".jsonl", f".{form}"}


def test_a_shard_that_was_sealed_by_half_is_taken_once(header: Header, tmp_path: Path) -> None:
    shards = Shards(tmp_path, header, "parquet", rows=2)
    shards.append(failed(0))
    line = (tmp_path / "shards/00000.jsonl").read_bytes()
    shards.finish()
    (tmp_path / "shards/00000.jsonl").write_bytes(line)  # as if it had been killed before it could remove it
    assert list(written(Shards(tmp_path, header, "parquet"))) == ["0.mp4"]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_the_precision_is_that_of_the_first_rows(form: str, header: Header, tmp_path: Path) -> None:
    assert precision_in(tmp_path) is None
    shards = Shards(tmp_path, header, form)
    shards.append(failed(0))
    with (tmp_path / "shards/00000.jsonl").open("a") as torn:
        torn.write('{"video"')
    assert precision_in(tmp_path) == "f32"
    Shards(tmp_path, header, form).finish()
    assert precision_in(tmp_path) == "f32"


def test_a_damaged_shard_is_named(header: Header, tmp_path: Path) -> None:
    shards = Shards(tmp_path, header, "jsonl")
    shards.append(failed(0))
    with (tmp_path / "shards/00000.jsonl").open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(BulkError, match=r"00000\.jsonl is damaged: remove it"):
        Shards(tmp_path, header, "jsonl")


def test_two_writers_do_not_share_a_folder(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(BulkError, match="another process writes"), locked(tmp_path):
        pass


def test_a_row_is_a_line_of_json(header: Header, tmp_path: Path) -> None:
    shards = Shards(tmp_path, header, "jsonl")
    shards.append(failed(0))
    first, second = (tmp_path / "shards/00000.jsonl").read_text().splitlines()
    assert Header.model_validate_json(first) == header
    assert json.loads(second)["error"]["type"] == "unreadable"
