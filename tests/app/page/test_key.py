"""The page of a service that wants a key."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from app.settings import Settings
from tests.app.conftest import serve, wait_until_ready
from tests.shipped import NAME
from videoxception import ACTIONS

KEY = "a-key-of-tests"


@pytest.fixture(scope="module")
def guarded(chromium: str) -> Iterator[httpx.Client]:
    """A service that wants a key."""
    with serve(Settings(device="cpu", model=NAME, api_key=SecretStr(KEY), decoders=1)) as client:
        wait_until_ready(client)
        yield client


def give(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()


def test_a_key_is_asked_for_until_it_is_right_and_kept_by_the_tab(
    open_page: Callable[..., Page], guarded: httpx.Client, playable: Path
) -> None:
    page = open_page(str(guarded.base_url))
    give(page, "another")
    expect(page.locator("#key-says")).to_contain_text("not, or no longer, the right one")
    give(page, KEY)
    expect(page.locator("#actions li")).to_have_count(len(ACTIONS))
    page.reload()
    page.set_input_files("#file", playable)
    expect(page.locator(".bars li")).to_have_count(len(ACTIONS))
    assert page.evaluate("() => [localStorage.length, sessionStorage.length]") == [0, 1]


def test_who_has_no_key_is_told_what_is_missing(open_page: Callable[..., Page], guarded: httpx.Client) -> None:
    page = open_page(str(guarded.base_url))
    page.locator("#key-cancel").click()
    expect(page.locator(".problem .label")).to_have_text("The service needs its API key")
