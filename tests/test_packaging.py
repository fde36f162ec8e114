"""What is installed by which name, and how a release is made."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.distributions import distributions_for

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SCRIPTS = {name: (ROOT / "scripts" / name).read_text() for name in ("install", "serve")}


def test_a_client_needs_nothing_that_answers() -> None:
    assert not distributions_for("videoxception") & {"av", "fastapi", "numpy", "openvino", "torch", "uvicorn"}


@pytest.mark.parametrize(("more", "less"), [("torch", "cpu"), ("train", "torch")])
def test_an_extra_includes_the_smaller_one(more: str, less: str) -> None:
    assert distributions_for(f"videoxception[{less}]") < distributions_for(f"videoxception[{more}]")


def test_every_extra_is_described() -> None:
    described = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/how-to/install.md").read_text(), re.MULTILINE)
    assert described == list(PROJECT["optional-dependencies"])


def test_serving_installs_extras_that_there_are() -> None:
    installed = re.findall(r"scripts/install (.+)$", SCRIPTS["serve"], re.MULTILINE)
    assert [line.split() for line in installed] == [["torch", "monitoring"], ["cpu"]]
    assert {"torch", "monitoring", "cpu"} <= PROJECT["optional-dependencies"].keys()


def test_a_checkout_is_installed_with_the_tools_of_the_image() -> None:
    tools = r"sed -n '(.*)' requirements.lock"
    assert re.findall(tools, SCRIPTS["install"]) == re.findall(tools, (ROOT / "Dockerfile").read_text()) != []


def test_a_release_waits_for_a_person_and_needs_no_secret() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text()
    workflow = yaml.safe_load(text)
    assert workflow[True] == {"workflow_dispatch": None}  # YAML 1.1 reads `on` as true
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets" not in text


def test_the_version_to_cite_is_that_of_the_project() -> None:
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == PROJECT["version"]
