"""What the doctor finds, and what shells are told."""

import subprocess
from pathlib import Path

import pytest

from tests.shipped import NAME, REFERENCE
from tests.videoxception.cli.test_cli import run
from tests.videoxception.test_extras import run_without_extras
from videoxception.checkup import findings


def test_a_sound_installation(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert run("doctor", "--model", NAME, "--device", "cpu") == 0
    said = capsys.readouterr().out
    assert "wrong" not in said
    for told in (REFERENCE, "on cpu in ", "sandbox", "VX_DECODERS=", "cores"):
        assert told in said


def test_what_is_wrong_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VX_PROT", "1")
    (tmp_path / "torn/1").mkdir(parents=True)
    found = {finding.what: finding for finding in findings("nothing", str(tmp_path), "cpu")}
    assert {what for what, finding in found.items() if finding.remedy} == {"models", "engine", "service"}
    assert found["models"].remedy == "remove or copy again: torn@1"
    assert "no model nothing" in found["engine"].said
    assert "did you mean 'VX_PORT'?" in found["service"].said


def test_a_client_is_told_what_answers() -> None:
    done = run_without_extras("from videoxception.cli import main; main(['doctor'])")
    assert done.returncode == 1
    assert "pip install 'videoxception[cpu]'" in done.stdout
    assert "Traceback" not in done.stderr


def test_bash_takes_the_completion(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("completion", "bash") == 0
    script = tmp_path / "completion"
    script.write_text(capsys.readouterr().out)
    asked = (
        f"source {script}; COMP_WORDS=(videoxception cla); COMP_CWORD=1; _shtab_videoxception; echo ${{COMPREPLY[@]}}"
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["classify", "classes"]
