"""Documents that would mislead if they fell behind the code."""

import re
from pathlib import Path

import pytest

from app.problems import PROBLEMS
from app.settings import Settings, table
from training.config.data import LAYOUTS
from videoxception.clip import WARNINGS

DOCS = Path(__file__).parent.parent / "docs"
HTTP = (DOCS / "http.md").read_text()
OPERATIONS = (DOCS / "operations.md").read_text()
TRAINING = (DOCS / "training.md").read_text()


def test_the_table_of_settings_is_the_one_that_the_settings_write() -> None:
    rows = table().splitlines()
    assert len(rows) == 2 + len(Settings.model_fields)
    assert "| `VX_MAX_WORK` | `4e9` | " in OPERATIONS
    assert f"\n\n{table()}\n\n" in OPERATIONS


@pytest.mark.parametrize(
    "name", [name for name, field in Settings.model_fields.items() if field.default and not field.default_factory]
)
def test_a_default_can_be_written_as_the_table_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = re.findall(rf"^\| `VX_{name.upper()}` \| `(.*?)` \| .", table(), re.MULTILINE)
    monkeypatch.setenv(f"VX_{name.upper()}", said)
    assert getattr(Settings(), name) == Settings.model_fields[name].default


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
