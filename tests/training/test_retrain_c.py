"""scripts/retrain-c: its trainings are recorded here in place of run, so that its options cannot fall behind."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from training import run
from training.config.schema import Config

SCRIPT = Path(__file__).parents[2] / "scripts/retrain-c"
RECORDER = f"""#!{sys.executable}
import json, pathlib, sys
with open(pathlib.Path(__file__).parents[2] / "called", "a") as file:
    print(json.dumps(sys.argv[1:]), file=file)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in (("scripts/install", "#!/bin/sh\n"), (".venv/bin/python", RECORDER)):
        path = tmp_path / "checkout" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)
    shutil.copy(SCRIPT, tmp_path / "checkout/scripts")
    for folder in ("stills", "others"):
        (tmp_path / folder).mkdir()
    return tmp_path / "checkout"


def calls(checkout: Path) -> list[list[str]]:
    subprocess.run([checkout / "scripts/retrain-c", "stills", "others", "runs"], cwd=checkout.parent, check=True)
    return [json.loads(line) for line in (checkout / "called").read_text().splitlines()]


def config(call: list[str]) -> Config:
    """Return what one of its trainings asks for, without what training.cross_validate takes for itself."""
    options = call[2:]
    del options[options.index("--store") :]
    of_run = [each for each in options if each != "--no-publish"]
    return run.config_of(run.parse([*of_run, "--fold", "0"]))


def test_it_trains_teacher_heads_and_late_stages(checkout: Path) -> None:
    drawing, *trainings = calls(checkout)
    others = str(checkout.parent / "others")
    assert drawing == ["-m", "training.data.synthetic_ood", others]
    assert all(call[:2] == ["-m", "training.cross_validate"] for call in trainings)
    assert ["--no-publish" in call for call in trainings] == [True, True, False]
    teacher, heads, late = map(config, trainings)
    architectures = [each.architecture for each in (teacher, heads, late)]
    assert architectures == ["videoxception-d", "videoxception-c", "videoxception-c"]
    assert late.teacher.teacher == str(checkout.parent / "runs/d/{fold}")
    assert late.init == str(checkout.parent / "runs/head/{fold}")
    assert {each.data.auxiliary_data for each in (teacher, heads, late)} == {others}


def test_what_is_drawn_is_not_drawn_again(checkout: Path) -> None:
    (checkout.parent / "others/Drawn").mkdir()
    assert all("training.data.synthetic_ood" not in call for call in calls(checkout))


@pytest.mark.parametrize(
    ("folders", "status", "said"),
    [(["stills"], 2, "usage: scripts/retrain-c STILLS OTHERS"), (["stills", "missing-others"], 1, "missing-others")],
)
def test_folders_that_are_missing_are_named(folders: list[str], status: int, said: str, checkout: Path) -> None:
    command = [checkout / "scripts/retrain-c", *folders]
    ended = subprocess.run(command, cwd=checkout.parent, capture_output=True, text=True, check=False)
    assert ended.returncode == status
    assert said in ended.stderr
