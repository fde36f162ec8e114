"""The page's files: what they may load, and that they keep up with what the service says."""

import re

import httpx
import pytest
from starlette.routing import NoMatchFound

from app.factory import assemble
from app.routes.page import FOLDER, POLICY
from app.settings import Settings
from videoxception.api.problems import PROBLEMS
from videoxception.api.schemas import PredictResponse
from videoxception.clip import WARNINGS

FILES = sorted(FOLDER.iterdir())
TEXTS = {path.name: path.read_text() for path in FILES}


def test_every_file_is_served_with_a_strict_policy(service: httpx.Client) -> None:
    for path in ("/", *(f"/page/{name}" for name in TEXTS)):
        answer = service.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert "*" not in POLICY


def test_the_policy_is_all_that_is_needed() -> None:
    """No script, style or listener inside the page, which the policy would keep from running."""
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", TEXTS["index.html"]) == []


def test_addresses_are_relative() -> None:
    """So that a proxy may put the service under a path."""
    linked = re.findall(r'(?:src|href)="([^"#]+)"', TEXTS["index.html"])
    assert {path.removeprefix("page/") for path in linked} - {"docs"} <= TEXTS.keys()
    imported = [path for text in TEXTS.values() for path in re.findall(r'from "(.+?)"', text)]
    assert {path.removeprefix("./") for path in imported} <= TEXTS.keys()
    assert all("://" not in text.replace("http://www.w3.org/2000/svg", "") for text in TEXTS.values())


def test_every_file_is_used() -> None:
    html, scripts = TEXTS["index.html"], "".join(text for name, text in TEXTS.items() if name.endswith(".js"))
    assert [name for name in TEXTS if name not in html + scripts and name != "index.html"] == []


def test_every_element_that_scripts_look_for_is_there() -> None:
    looked_for = {
        name for text in TEXTS.values() for name in re.findall(r'(?:byId|getElementById)\("([\w-]+)"\)', text)
    }
    assert looked_for <= set(re.findall(r'\bid="([\w-]+)"', TEXTS["index.html"]))


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_has_words(name: str) -> None:
    assert f'  "{name}": ["' in TEXTS["words.js"].split("PROBLEMS")[1]


@pytest.mark.parametrize("name", WARNINGS)
def test_every_warning_has_words(name: str) -> None:
    assert f'  "{name}": "' in TEXTS["words.js"].split("WARNINGS")[1]


def test_fields_that_scripts_read_are_in_the_answer() -> None:
    read = set(re.findall(r"\banswer\.(\w+)", TEXTS["answer.js"]))
    assert read <= PredictResponse.model_fields.keys()


def test_it_can_be_switched_off() -> None:
    assert assemble(Settings()).url_path_for("page") == "/"
    off = assemble(Settings(page=False))
    with pytest.raises(NoMatchFound):
        off.url_path_for("page")
    assert "/page" not in {getattr(route, "path", "") for route in off.routes}
