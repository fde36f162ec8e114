"""What axe-core finds in each state of the page, at desktop and phone width, light and dark."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.page.test_timeline import strip
from videoxception import ACTIONS

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

__all__ = ["strip"]  # a fixture


def check(page: Page) -> None:
    """Have axe-core look at the page in both themes; and nothing may stand out at its side."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_keeps_people_from_using_it(size: dict[str, int], page: Page, playable: Path, tmp_path: Path) -> None:
    page.set_viewport_size(size)
    page.locator("#models summary").click()
    check(page)
    page.set_input_files("#file", playable)
    expect(page.locator(".bars li")).to_have_count(len(ACTIONS))
    page.get_by_text("Details").click()
    check(page)
    page.set_input_files("#file", {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"no video"})
    expect(page.locator(".problem")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Many videos").click()
    page.set_input_files("#files", [playable] * 2)
    expect(page.locator("#tally")).to_have_text("2 of 2 done")
    check(page)


def test_nor_the_timeline(strip: Page) -> None:
    check(strip)
    strip.set_viewport_size(PHONE)
    check(strip)


def test_nor_the_camera(page: Page) -> None:
    page.get_by_role("button", name="Record 3 seconds").click()
    expect(page.locator("#camera-start")).to_be_enabled()
    check(page)


def test_tab_goes_through_the_page_in_its_order(page: Page) -> None:
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate("() => document.activeElement.textContent.trim() || document.activeElement.ariaLabel")
        )
    assert order == [
        "Skip to the content",
        "VideoXception",
        "One video",
        "Many videos",
        "API",
        "Dark theme",
        "Choose a file",
        "Record 3 seconds",
    ]
