"""Documents that would mislead if they fell behind the code."""

import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from app.problems import PROBLEMS
from app.settings import Settings
from training.config import LAYOUTS
from videoxception.clip import WARNINGS

DOCS = Path(__file__).parent.parent / "docs"
HTTP = (DOCS / "http.md").read_text()
OPERATIONS = (DOCS / "operations.md").read_text()
TRAINING = (DOCS / "training.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_with_its_default(name: str) -> None:
    (said,) = re.findall(rf"^\| `VX_{name.upper()}` \| (.*?) ?\| .", OPERATIONS, re.MULTILINE)
    default = Settings.model_fields[name].default
    if name in ("decoders", "temp_dir"):  # of the machine
        assert said
    elif default in ("", None):
        assert said == ""
    else:
        assert TypeAdapter(type(default)).validate_python(said.strip("`")) == default


def test_no_setting_is_described_that_there_is_not() -> None:
    rows = OPERATIONS.split("## Configure")[1].split("## Size")[0]
    assert set(re.findall(r"^\| `VX_(\w+)` ", rows, re.MULTILINE)) == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("kind", PROBLEMS)
def test_every_problem_is_described_with_its_status(kind: str) -> None:
    assert f"| `{kind}` | {PROBLEMS[kind][0]} |" in HTTP
    assert f"`{kind}`" in OPERATIONS.split("## What errors mean")[1]


@pytest.mark.parametrize("warning", WARNINGS)
def test_every_warning_is_described(warning: str) -> None:
    assert f"`{warning}`" in HTTP


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_of_data_is_described(name: str) -> None:
    assert f"\n- `{name}`: " in TRAINING


def test_every_file_of_the_layout_is_there() -> None:
    root = DOCS.parent
    folder = ""
    for line in (DOCS / "architecture.md").read_text().split("```")[1].strip().splitlines():
        name = line.split()[0]
        if name.endswith("/") and not line.startswith(" "):
            folder = name
            assert (root / name).is_dir(), name
        elif line.startswith("    ") and not line.startswith("     "):
            assert (root / folder / name).exists(), name
