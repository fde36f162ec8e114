"""Documents that would mislead if they fell behind the code."""

import re
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from app.collectors import ServiceCollector
from app.metrics import Metrics
from app.settings import Settings, table
from tests.drawing import DRAWING, arrows, drawing
from tests.reference import REFERENCE, pages
from training.config.data import LAYOUTS
from videoxception.api.problems import PROBLEMS
from videoxception.cli import exit_codes
from videoxception.clip import WARNINGS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GENERATED = pages()
LAB_NOTES = DOCS / "lab-notes"
TEXTS = {path: path.read_text() for path in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"))}
HTTP = TEXTS[REFERENCE / "http.md"]
OPERATE = TEXTS[DOCS / "how-to/operate.md"]
CODE = [
    path
    for folder in ("app", "benchmarks", "scripts", "tests", "training", "videoxception")
    for path in (ROOT / folder).rglob("*")
    if path.is_file() and path.suffix in (".py", "")
]


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_what_scripts_docs_writes(name: str) -> None:
    assert TEXTS[REFERENCE / name] == GENERATED[name]


def test_the_drawing_shows_the_imports_that_there_are() -> None:
    assert drawing() == DRAWING.read_text(), "run scripts/docs, and look at the drawing"
    assert ("classifier", "engine") in arrows()
    assert ("cli", "engine") not in arrows()  # it follows from cli -> classifier -> engine


def test_the_page_of_settings_has_all_of_them() -> None:
    rows = re.findall(r"^\| `VX_\w+` \| .*$", GENERATED["settings.md"], re.MULTILINE)
    assert len(rows) == len(Settings.model_fields)
    assert any(row.startswith("| `VX_MAX_WORK` | `4e9` | ") for row in rows)


@pytest.mark.parametrize(
    "option", ["--stages", "--folds", "--no-flip", "--card", "--fold-runs", "--with", "--megabytes"]
)
def test_the_page_of_options_has_those_of_every_command(option: str) -> None:
    assert option in GENERATED["training-flags.md"]


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
    assert f"`{kind}`" in OPERATE.split("## What errors mean")[1]


@pytest.mark.parametrize("warning", WARNINGS)
def test_every_warning_is_described(warning: str) -> None:
    assert f"`{warning}`" in HTTP


def test_every_metric_is_described() -> None:
    collected = ServiceCollector(MagicMock(), MagicMock(), MagicMock()).collect()
    families = [family for family in (*Metrics().registry.collect(), *collected) if family.name.startswith("video")]
    names = [f"{family.name}_total" if family.type == "counter" else family.name for family in families]
    assert len(names) > 15
    page = TEXTS[REFERENCE / "metrics.md"]
    assert [name for name in names if f"\n| `{name}` | " not in page] == []


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_of_data_is_described(name: str) -> None:
    assert f"\n- `{name}`: " in TEXTS[DOCS / "how-to/train.md"]


def test_every_file_of_the_layout_is_there() -> None:
    folder = ""
    for line in TEXTS[DOCS / "explanation/architecture.md"].split("```")[1].strip().splitlines():
        name = line.split()[0]
        if name.endswith("/") and not line.startswith(" "):
            folder = name
            assert (ROOT / name).is_dir(), name
        elif line.startswith("    ") and not line.startswith("     "):
            assert (ROOT / folder / name).exists(), name


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target, _, anchor in re.findall(r"\]\((?!https?://)([^)#]*)(#([^)]*))?\)", TEXTS[path]):
        linked = path.parent / target if target else path
        assert linked.exists(), target
        assert not anchor or anchor in anchors(TEXTS[linked.resolve()]), f"{target}#{anchor}"


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_sites_navigation() -> None:
    named = re.findall(r'"([\w/-]+\.md)"', (ROOT / "zensical.toml").read_text())
    assert sorted(named) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_every_exit_code_is_described() -> None:
    described = re.findall(r"^\| (\d+) \| ", TEXTS[REFERENCE / "command-line.md"], re.MULTILINE)
    codes = [value for name, value in vars(exit_codes).items() if name.isupper()]
    assert [int(code) for code in described] == codes


def test_pages_that_code_points_to_are_there() -> None:
    named = {page for path in CODE for page in re.findall(r"docs/[\w./-]+\.md", path.read_text())}
    assert len(named) > 3
    assert [page for page in sorted(named) if not (ROOT / page).exists()] == []


def test_documents_stay_short_enough_to_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither generated pages nor lab notes nor the changelog are counted."""
    skipped = {ROOT / "CHANGELOG.md", *(REFERENCE / name for name in GENERATED)}
    read = [path for path in TEXTS if path not in skipped and not path.is_relative_to(LAB_NOTES)]
    words = sum(len(TEXTS[path].split()) for path in read)
    with capsys.disabled():
        print(f"\ndocuments: {words:,} words in {len(read)} pages")
    assert words <= 16_900
