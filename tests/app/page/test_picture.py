"""The page as the README shows it: a drawn film, its timeline, and the accurate model's answer.

scripts/pictures keeps what this draws.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.settings import Settings
from tests.app.conftest import serve, wait_until_ready
from tests.app.page.film import draw_film

pytestmark = pytest.mark.slow


def test_a_drawn_film_is_understood(open_page: Callable[..., Page], tmp_path: Path, chromium: str) -> None:
    folder = Path(os.environ.get("PICTURES", tmp_path))
    with serve(Settings(device="cpu", model="videoxception-d")) as client:
        wait_until_ready(client)
        page = open_page(str(client.base_url), viewport={"width": 1200, "height": 945}, device_scale_factor=1.5)
        page.set_input_files("#file", draw_film(tmp_path / "film.mp4"))
        parts = page.locator(".parts li")
        expect(parts).to_have_count(3)
        assert [text.split("\n")[1] for text in parts.all_inner_texts()] == ["Bowling", "None of these", "Tennis swing"]
        expect(page.locator(".answer .label")).to_have_text("Bowling")
        page.locator(".parts button").first.click()
        expect(parts.first).to_have_attribute("aria-current", "true")
        page.screenshot(path=folder / "page.jpg", type="jpeg", quality=85)
