import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shipped import DEFAULT, REFERENCE
from tests.videos import make_video
from videoxception.actions import ACTIONS
from videoxception.cli import main


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


def test_models_tells_which_are_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "toy/1").mkdir(parents=True)
    assert run("models", "--store", str(tmp_path)) == 1
    assert "toy@1" in capsys.readouterr().out


def test_an_unknown_model_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="error: no model nothing"):
        main(["classes", "--model", "nothing"])
