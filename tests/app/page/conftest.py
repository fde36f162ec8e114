"""The page in a real browser, before a real service."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from app.settings import Settings
from tests.app.conftest import serve, wait_until_ready
from tests.shipped import DEFAULT, NAME
from tests.videos import make_video
from tests.waiting import LONG

_OPTIONS = [
    "--no-sandbox",  # it may be root who runs the tests
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
expect.set_options(timeout=LONG * 1000)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium lies."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("the page is tested in Chromium, and there is none: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service() -> Iterator[httpx.Client]:
    """A service with the small model."""
    with serve(Settings(device="cpu", model=NAME, answer_cache=0, decoders=2)) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the page at an address, in a window of its own, whose requests may be handled by somebody else.

    What the page must never do fails the test.
    """
    from contextlib import ExitStack

    wrong: list[str] = []

    def open_at(address: str, handle: Callable[[Route], None] | None = None, **options: object) -> Page:
        context = browser.new_context(permissions=["camera"], reduced_motion="reduce", **options)
        stack.callback(context.close)
        page = context.new_page()
        stack.callback(page.unroute_all, behavior="ignoreErrors")
        page.set_default_timeout(LONG * 1000)
        page.on("pageerror", lambda error: wrong.append(f"an error of a script: {error}"))
        page.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)
        own = (address, "data:", "blob:")
        page.on("request", lambda sent: None if sent.url.startswith(own) else wrong.append(f"loaded {sent.url}"))
        if handle is not None:
            page.route("**", handle)
        page.goto(address)
        return page

    with ExitStack() as stack:
        yield open_at
    assert wrong == []


@pytest.fixture
def page(open_page: Callable[..., Page], service: httpx.Client) -> Page:
    """The page, with the list of actions that comes once the service has told of its models."""
    page = open_page(str(service.base_url))
    expect(page.locator("#actions li")).to_have_count(len(DEFAULT.manifest.classes))
    return page


@pytest.fixture(scope="session")
def playable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds that a browser can play."""
    return make_video(tmp_path_factory.mktemp("playable") / "clip.mp4", "libx264", 50, moving=True)


@pytest.fixture(scope="session")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds, with little in them."""
    return make_video(tmp_path_factory.mktemp("long") / "long.mp4", "libx264", 21, times=range(0, 2100, 100))
