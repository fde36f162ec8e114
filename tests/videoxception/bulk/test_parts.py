"""Parts that machines write, without a cluster: the actors' own work, what is left, and what is refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from tests.shipped import NAME
from tests.videoxception.cli.test_cli import run
from videoxception.bulk import parts, results
from videoxception.bulk.actors import Answerer, Decoder, Looker, Task, begin, part
from videoxception.bulk.errors import BulkError
from videoxception.bulk.listing import find
from videoxception.bulk.parts import pin, pinned, write_part
from videoxception.bulk.rows import Failure, Header, Look, Row
from videoxception.bulk.run import ahead

LOOK = Look(window=0.4, step=0.2)


@pytest.fixture(scope="module")
def header() -> Header:
    return begin(NAME, "", "cpu", "f32", 0.95, None)


def rows(out: Path, name: str = "results") -> list[dict[str, object]]:
    return parquet.read_table(out / f"{name}.parquet").to_pylist()


def failed(name: str) -> Row:
    return Row(video=name, error=Failure(type="unreadable", detail="gone"))


def classify(videos: Path, out: Path, *options: str) -> int:
    fixed = ("--model", NAME, "--device", "cpu", "--precision", "f32", "--format", "parquet", "--jobs", "1")
    return run("classify", str(videos), "--out", str(out), *fixed, *options)


def test_actors_write_what_one_machine_writes(videos: Path, header: Header, tmp_path: Path) -> None:
    listing, out = find(str(videos)), tmp_path / "parts"
    task = Task(listing.source, str(out), "", header)
    decoder, answerer = Decoder(task), Answerer(task)
    for start in (0, 4, 0):  # the first is done twice
        assert answerer(decoder(part(start, listing.videos[start : start + 4])))["rows"] == (4 if start == 0 else 2)
    assert len(list((out / "shards").iterdir())) == 2
    with results.taken_up(str(out), header) as taken:
        merged = results.merged(str(out), taken, header)
    assert (merged.answers, merged.answered) == (f"{out}/results.parquet", 4)
    assert [row.video for row in merged.failed] == ["a bad one.mp4", "empty.mp4"]
    assert classify(videos, tmp_path / "here") == 1
    for name in ("results", "failed"):
        assert rows(out, name) == rows(tmp_path / "here", name) != []
    assert classify(videos, out) == 1  # nothing is left for it
    assert len(list((out / "shards").iterdir())) == 2


def test_windows_too(videos: Path, header: Header, tmp_path: Path) -> None:
    listing, out = find(str(videos)), tmp_path / "parts"
    header = header.model_copy(update={"look": LOOK})
    assert Looker(Task(listing.source, str(out), "", header))(part(0, listing.videos)) == {"rows": 6}
    with results.taken_up(str(out), header) as taken:
        results.merged(str(out), taken, header)
    assert classify(videos, tmp_path / "here", "--window", "0.4", "--step", "0.2") == 1
    for name in ("results", "failed", "windows", "timeline"):
        assert rows(out, name) == rows(tmp_path / "here", name) != []
    found = [row for row in rows(out, "windows") if row["video"] == "0.mp4"]
    assert [row["start"] for row in found] == [0.0, 0.2, 0.4, 0.6]


def test_what_is_left_is_what_no_part_has(header: Header, tmp_path: Path) -> None:
    out = str(tmp_path)
    write_part(out, 0, header, [failed("a.mp4"), failed("b.mp4")])
    write_part(out, 1, header, [failed("b.mp4"), failed("c.mp4")])  # of a run that listed otherwise
    with results.taken_up(out, header) as taken:
        assert taken.done == {"a.mp4", "b.mp4", "c.mp4"}
        assert [row.video for row in taken.rows()] == ["a.mp4", "b.mp4", "c.mp4"]
    assert results.precision(out) == "f32"


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bucket `bucket` of every store."""
    filesystem = SubTreeFileSystem(str(tmp_path), LocalFileSystem())
    monkeypatch.setattr(parts, "open_uri", lambda uri: (filesystem, uri.removeprefix("s3://").partition("?")[0]))
    (tmp_path / "bucket/out/shards").mkdir(parents=True)
    return tmp_path / "bucket"


def test_parts_of_a_store_are_fetched_once(header: Header, bucket: Path) -> None:
    out = "s3://bucket/out?region=x"
    write_part(out, 0, header, [failed("a.mp4")])
    with results.taken_up(out, header) as taken:
        assert taken.done == {"a.mp4"}
        write_part(out, 1, header, [failed("b.mp4")])
        for _ in range(2):
            assert [row.video for row in taken.rows()] == ["a.mp4", "b.mp4"]
            for part_of_it in (bucket / "out/shards").iterdir():
                part_of_it.write_text("nonsense, if it were read again")
        merged = results.merged(out, taken, header)
    assert (merged.failures, merged.answered) == ("s3://bucket/out/failed.parquet", 0)
    assert [row["video"] for row in rows(bucket / "out", "failed")] == ["a.mp4", "b.mp4"]
    assert rows(bucket / "out") == []


def test_parts_of_a_store_that_do_not_fit_are_named(header: Header, bucket: Path) -> None:
    out = "s3://bucket/out"
    with results.taken_up(out, header) as taken:
        write_part(out, 0, header.model_copy(update={"coverage": 0.5}), [failed("a.mp4")])
        with pytest.raises(BulkError, match=r"out was begun otherwise: coverage was 0\.5 and is 0\.95 now"):
            list(taken.rows())
    (bucket / "out/shards/part-0.parquet").write_text("nonsense")
    with (
        pytest.raises(BulkError, match=r"^bucket/out/shards/part-0\.parquet is damaged"),
        results.taken_up(out, header),
    ):
        pass


def test_a_run_that_was_begun_otherwise_is_refused(header: Header, tmp_path: Path) -> None:
    out = str(tmp_path)
    assert pinned(out) is None
    pin(out, header)
    pin(out, header)
    assert pinned(out) == header
    for change, said in [
        ({"cpu": "x86_64 avx2"}, f"cpu was {header.cpu} and is x86_64 avx2 now"),
        ({"look": LOOK}, r"window was None and is 0\.4 now; step was None and is 0\.2 now"),
        ({"model": header.model.model_copy(update={"version": 99})}, "version was .* and is 99 now"),
    ]:
        with pytest.raises(BulkError, match=f"was begun otherwise: {said}. Go on as before, or take another --out"):
            pin(out, header.model_copy(update=change))
    pin(out, header.model_copy(update={"cpu": None}))  # an older header does not say
    (tmp_path / "header.json").write_text("nonsense")
    with pytest.raises(BulkError, match=r"header\.json is damaged: remove it"):
        pinned(out)


def test_a_machine_of_another_kind_is_refused(videos: Path, header: Header, tmp_path: Path) -> None:
    other = header.model_copy(update={"cpu": "aarch64 sve"})
    with pytest.raises(BulkError, match=r"is unlike those .*: cpu was aarch64 sve and is .* machines of one kind"):
        Answerer(Task(find(str(videos)).source, str(tmp_path), "", other))


def test_a_machine_that_does_not_see_the_videos_is_refused(header: Header, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    source = find(str(tmp_path / "videos")).source
    (tmp_path / "videos").rmdir()
    with pytest.raises(BulkError, match=r"has no folder .*/videos: all must see the same files"):
        Decoder(Task(source, str(tmp_path), "", header))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ray", "local", "--format", "jsonl"], "--ray writes Parquet"),
        (["--ray", "local", "--estimate"], "leave --ray out"),
        (["--window", "9", "--estimate"], "leave --window out"),
        (["--step", "1"], "go with --window"),
        (["--window", "0.01"], "a window must have"),
        (["--out", "s3://bucket/out"], "--ray writes to object stores"),
    ],
)
def test_options_that_do_not_go_together(
    options: list[str], said: str, videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("classify", str(videos), "--out", str(tmp_path), *options) == 3
    assert said in capsys.readouterr().err


def test_ray_is_imported_for_ray_alone(videos: Path, tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['ray'] = None; from videoxception.cli import main\n"
        f"try: main(['classify', {str(videos)!r}, '--out', {str(tmp_path)!r}, '--jobs', '1', *sys.argv[1:]])\n"
        "except SystemExit as end: print(end.code)"
    )
    for options, code, said in [([], "1", ""), (["--ray", "local"], "3", "pip install 'videoxception[ray]'")]:
        done = subprocess.run([sys.executable, "-c", script, *options], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == code
        assert said in done.stderr


def test_working_ahead_keeps_the_order_and_ends_at_an_error() -> None:
    assert list(ahead(lambda number: number * 2, range(50), 3)) == list(range(0, 100, 2))
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda number: 1 // (3 - number), range(1000), 2))
