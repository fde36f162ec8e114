import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shipped import DEFAULT, REFERENCE
from tests.videos import make_video
from tests.videoxception.test_store import edit, install, with_answer_sets, without_answer_sets
from videoxception.actions import ACTIONS
from videoxception.cli import main
from videoxception.store import Release


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code if isinstance(ended.value.code, int) else 1


def test_predict_answers_each_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(make_video(tmp_path / "clip.mp4", "libx264", 20))
    (tmp_path / "text.mp4").write_text("no video")
    assert run("predict", good, str(tmp_path / "text.mp4"), "--device", "cpu") == 1
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{good}: ")
    assert any(action in printed.out for action in ACTIONS)
    assert "text.mp4: the file is not a video" in printed.err


def test_predict_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", str(make_video(tmp_path / "clip.avi", "mpeg4", 20)), "--json", "--device", "cpu") == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said["probabilities"]) == list(ACTIONS)
    assert said["clip"]["codec"] == "mpeg4"
    assert said["model"]["name"] == DEFAULT.manifest.name


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three seconds."""
    return str(make_video(tmp_path_factory.mktemp("film") / "film.mp4", "libx264", 75))


def test_a_timeline_is_a_table_below_the_videos_answer(film: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", film, "--window", "1", "--device", "cpu", "--model", REFERENCE) == 0
    line, head, *rows = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{film}: ")
    assert head.split() == ["from", "to", "label", "confidence"]
    assert rows[0].split()[0] == "0:00.0"
    assert rows[-1].split()[1] == "0:03.0"


def test_a_timeline_as_json_has_what_the_service_says(film: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--window", "2", "--step", "1", "--shortest", "0", "--json", "--device", "cpu", "--model", REFERENCE]
    assert run("predict", film, *options) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["windows"] == {"window": 2.0, "step": 1.0, "smoothing": 1.0, "shortest": 0.0}
    assert [(segment["start"], segment["end"]) for segment in said["segments"]] == [(0, 2), (1, 3), (2, 3)]
    assert list(said["segments"][0]["probabilities"]) == list(ACTIONS)
    assert said["timeline"][-1]["end"] == 3


def test_timelines_as_rows(film: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    options = ["--window", "auto", "--csv", "--device", "cpu", "--model", REFERENCE]
    assert run("predict", film, str(tmp_path / "text.mp4"), *options) == 1
    printed = capsys.readouterr()
    head, first, *_ = printed.out.splitlines()
    assert head == "video,start,end,label,confidence"
    assert first.startswith(f"{film},0.000,")
    assert "text.mp4: the file is not a video" in printed.err


@pytest.mark.parametrize("form", ["--srt", "--vtt"])
def test_subtitles_are_of_one_video(form: str, film: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", film, film, "--window", "auto", form) == 2
    assert "one at a time" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--srt"], ["--vtt"], ["--step", "1"]])
def test_what_goes_with_a_window_needs_one(options: list[str], film: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", film, *options) == 2
    assert "add --window auto" in capsys.readouterr().err


def test_a_window_that_there_cannot_be(film: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", film, "--window", "soon") == 2
    assert run("predict", film, "--window", "1", "--step", "2", "--device", "cpu", "--model", REFERENCE) == 1
    assert "the step of windows of 1 seconds must be" in capsys.readouterr().err


def test_predict_tells_the_answer_set(release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_answer_sets(install(release, tmp_path / "store"))
    video = str(make_video(tmp_path / "clip.mp4", "libx264", 20))
    options = ["predict", video, "--device", "cpu", "--model", "toy", "--store", str(tmp_path / "store")]
    assert run(*options) == run(*options, "--coverage", "0.999", "--json") == 0
    line, found = capsys.readouterr().out.splitlines()
    said = json.loads(found)
    assert f"; answer set at 95.0%: {said['label']}, " in line
    assert said["answer_set"][0] == said["label"]
    assert len(said["answer_set"]) > len(line.partition("95.0%: ")[2].split(", "))


def test_a_model_without_answer_sets(release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    without_answer_sets(install(release, tmp_path / "store"))
    video = str(make_video(tmp_path / "clip.mp4", "libx264", 20))
    options = ["predict", video, "--device", "cpu", "--model", "toy", "--store", str(tmp_path / "store")]
    assert run(*options) == run(*options, "--json") == 0
    line, found = capsys.readouterr().out.splitlines()
    assert "answer set" not in line
    assert json.loads(found)["answer_set"] is None


@pytest.mark.parametrize(
    ("coverage", "reason"), [("1", "from 0.5 to 0.999"), ("nan", "from 0.5 to 0.999"), ("much", "'much'")]
)
def test_a_bad_coverage_is_one_line(coverage: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", "clip.mp4", "--coverage", coverage) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "argument --coverage: " in last
    assert reason in last


def test_a_missing_file_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", "/nowhere.mp4", "--device", "cpu") == 1
    assert capsys.readouterr().err == "/nowhere.mp4: No such file or directory\n"


def test_a_name_that_is_not_utf8_stops_nothing(tmp_path: Path) -> None:
    """Neither of a good file nor of a bad one, printed as a line or as JSON; lines have the very bytes."""
    good, bad = (os.fsencode(tmp_path) + name for name in (b"/caf\xe9.mp4", b"/\xff.mp4"))
    os.rename(make_video(tmp_path / "clip.mp4", "libx264", 20), good)
    Path(os.fsdecode(bad)).write_text("no video")
    lines, objects = as_process(bad, good), as_process(bad, good, "--json")
    assert lines.stdout.startswith(good + b": ")
    assert json.loads(objects.stdout)["video"] == os.fsdecode(good)
    for done in (lines, objects):
        assert done.stderr.startswith(bad + b": the file is not a video")


def as_process(*arguments: "bytes | str", content: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    """What `videoxception predict` does, with `content` at its standard input."""
    command = [sys.executable, "-c", "from videoxception.cli import main; main()", "predict", "--device", "cpu"]
    return subprocess.run([*command, *arguments], input=content, capture_output=True, check=False)


def test_standard_input_is_a_dash(tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mp4", "libx264", 20)
    piped, named = as_process("-", content=clip.read_bytes()), as_process(clip)
    assert piped.returncode == 0
    assert piped.stdout.partition(b": ")[::2] == (b"-", named.stdout.partition(b": ")[2])
    with clip.open("rb") as file:
        command = ["sh", "-c", f"exec {sys.executable} -c 'from videoxception.cli import main; main()' predict -"]
        redirected = subprocess.run(command, stdin=file, capture_output=True, check=True)
    assert redirected.stdout == piped.stdout


def test_a_pipe_without_end_is_not_read_for_ever(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videoxception.cli.videos._MOST", 2**20)
    assert run("predict", "/dev/zero") == 3
    assert capsys.readouterr().err == "error: more than 1 MiB come from /dev/zero; save them as a file first\n"


def test_nothing_at_standard_input_is_no_video() -> None:
    done = as_process("-", content=b"")
    assert done.returncode == 1
    assert done.stderr.startswith(b"-: the file is not a video")


def test_classes_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("classes") == 0
    assert capsys.readouterr().out.split() == list(ACTIONS)


def test_models_lists_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models") == 0
    assert REFERENCE in capsys.readouterr().out


def test_models_tells_accuracy_and_cost(
    release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    edit(install(release, tmp_path), cost={"parameters": 1234567, "multiply_adds": 2_160_000_000})
    assert run("models", "--store", str(tmp_path)) == 0
    row, note = [line for line in capsys.readouterr().out.splitlines() if "toy@1" in line]
    metrics = release.manifest.metrics
    assert metrics is not None
    low, high = metrics.intervals["top1"]
    shown = [f"{metrics.top1:.1%} ({100 * low:.1f} to {100 * high:.1f})", "1.23 M", "2.16", "10 x 128 x 128"]
    assert all(cell in row for cell in (*shown, "good"))
    assert note == f"toy@1: {metrics.protocol}"


def test_models_tells_which_are_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "toy/1").mkdir(parents=True)
    assert run("models", "--store", str(tmp_path)) == 1
    assert "toy@1" in capsys.readouterr().out


def test_an_unknown_model_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("classes", "--model", "nothing") == 3
    assert capsys.readouterr().err.startswith("error: no model nothing")
