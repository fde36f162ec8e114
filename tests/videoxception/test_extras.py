"""What is said when an extra is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.shipped import SHIPPED
from videoxception.engine import EngineError, create

ROOT = Path(__file__).parents[2]
BROUGHT = ("av", "fastapi", "numpy", "openvino", "safetensors", "torch", "uvicorn")  # by extras
COMMAND = "from videoxception.cli import main; main({arguments!r})"


def run_without_extras(script: str) -> subprocess.CompletedProcess[str]:
    """What a script does where nothing but the base is installed."""
    script = f"import sys; sys.modules.update(dict.fromkeys({BROUGHT!r})); {script}"
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_package_can_be_imported() -> None:
    done = run_without_extras("import videoxception; print(videoxception.ACTIONS[0])")
    assert (done.returncode, done.stdout) == (0, "BandMarching\n")


def test_a_name_that_needs_an_extra_names_it() -> None:
    done = run_without_extras("from videoxception import Classifier")
    assert done.stderr.endswith(
        "MissingExtra: videoxception.Classifier needs numpy: pip install 'videoxception[cpu]'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["predict", "clip.mp4"], "cpu"),
        (["classify", ".", "--out", "x"], "cpu"),
        (["models"], "cpu"),
        (["serve"], "cpu"),
        (["train", "--help"], "train"),
    ],
)
def test_a_command_that_needs_an_extra_names_it_in_a_line(arguments: list[str], extra: str) -> None:
    done = run_without_extras(COMMAND.format(arguments=arguments))
    assert done.returncode == 3
    assert done.stderr.startswith("error: videoxception")
    assert done.stderr.endswith(f": pip install 'videoxception[{extra}]'\n")
    assert done.stderr.count("\n") == 1


def test_a_cpu_without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(EngineError, match=r"needs OpenVINO: pip install 'videoxception\[cpu\]'"):
        create(SHIPPED, "cpu")


def test_a_client_and_the_contract_need_no_extra() -> None:
    done = run_without_extras(
        "from videoxception.client import AsyncClient, Client; from videoxception.api import problems, schemas"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_service_can_be_asked_without_an_extra(tmp_path: Path) -> None:
    done = run_without_extras(
        COMMAND.format(arguments=["predict", str(tmp_path / "x.mp4"), "--url", "http://127.0.0.1"])
    )
    assert (done.returncode, done.stderr) == (1, f"{tmp_path}/x.mp4: No such file or directory\n")
