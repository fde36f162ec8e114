"""One video: it comes in, is played, and is answered in words."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.shipped import DEFAULT, NAME
from tests.videos import make_video
from videoxception import ACTIONS

PROBLEM = {"type": "urn:videoxception:problem:overloaded", "title": "busy", "detail": "too much at once"}
DROP = """
([name, content, type]) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], name, { type: "video/mp4" }));
  const options = { bubbles: true, cancelable: true };
  const event = type === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent(type, { ...options, dataTransfer: transfer });
  document.body.dispatchEvent(event);
}
"""


def bring(page: Page, file: Path, how: str) -> None:
    """Drop a file on the page, or paste it."""
    content = base64.b64encode(file.read_bytes()).decode()
    for event in ("dragenter", "dragover", "drop") if how == "drop" else (how,):
        page.evaluate(DROP, [file.name, content, event])


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_file_that_comes_in_is_answered(how: str, page: Page, service: httpx.Client, playable: Path) -> None:
    bring(page, playable, how)
    body = service.post("/predict", content=playable.read_bytes()).json()
    expect(page.locator(".bars li")).to_have_count(len(ACTIONS))
    said = page.locator(".bars li > span:first-child").all_text_contents()
    assert said == [action(name) for name in sorted(ACTIONS, key=lambda name: -body["probabilities"][name])]
    expected = action(body["label"]) if body["known"] else "Probably none of these"
    expect(page.locator(".answer .label")).to_have_text(expected)
    expect(page.locator("#announcer")).not_to_be_empty()
    assert page.locator("#frames li").count() == len(body["clip"]["timestamps"])
    assert page.locator(".stage-names dt").all_text_contents()[::2] == ["Upload", "Decoding", "Model"]


def action(name: str) -> str:
    """BoxingPunchingBag -> Boxing punching bag"""
    return name[0] + "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name[1:])


def test_a_frame_is_a_way_to_its_moment(page: Page, playable: Path) -> None:
    page.set_input_files("#file", playable)
    page.get_by_role("button", name="Frame 8, at").click()
    assert page.locator("#player video").evaluate("(video) => video.currentTime") == pytest.approx(1.48, abs=0.04)


def test_what_the_browser_cannot_play_is_shown_by_its_frames(page: Page, tmp_path: Path) -> None:
    page.set_input_files("#file", make_video(tmp_path / "old.avi", "mpeg4", 30))
    expect(page.get_by_alt_text("The first frame that the model saw")).to_be_visible()
    page.get_by_role("button", name="Frame 2, at").click()
    expect(page.get_by_alt_text("The frame that you chose")).to_be_visible()


def test_a_recording_of_three_seconds_is_answered(page: Page) -> None:
    page.get_by_role("button", name="Record 3 seconds").click()
    page.locator("#camera-start:enabled").click()
    expect(page.locator(".bars li")).to_have_count(len(ACTIONS))
    page.get_by_text("Details").click()
    expect(page.locator(".facts")).to_contain_text("vp8")


def test_without_a_camera_that_a_page_may_open_it_says_why(
    open_page: Callable[..., Page], service: httpx.Client
) -> None:
    """Browsers take localhost for safe, and so this name for it; another one they would not."""
    page = open_page(str(service.base_url))
    page.add_init_script("delete Navigator.prototype.mediaDevices")
    page.reload()
    expect(page.get_by_role("button", name="Record 3 seconds")).to_be_disabled()
    expect(page.locator("#camera-hint")).to_contain_text("needs HTTPS")


def test_a_problem_is_told_with_its_remedy(page: Page) -> None:
    page.set_input_files("#file", {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"no video" * 100})
    expect(page.locator(".problem .label")).to_have_text("This is not a video that the service takes")
    expect(page.locator(".problem")).to_contain_text("It takes mp4")
    expect(page.locator(".problem")).to_contain_text("The service says:")
    expect(page.get_by_role("button", name="Choose another file")).to_be_visible()


def test_a_busy_service_is_asked_again_when_it_says(page: Page, playable: Path) -> None:
    asked = []

    def refuse_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            route.continue_()
        else:
            headers = {"Content-Type": "application/problem+json", "Retry-After": "1"}
            route.fulfill(status=503, headers=headers, body=json.dumps(PROBLEM))

    page.route("**/predict?*", refuse_first)
    page.set_input_files("#file", playable)
    expect(page.locator("#answer")).to_contain_text("Trying again in")
    expect(page.locator(".bars li")).to_have_count(len(ACTIONS))
    assert len(asked) == 2


def test_a_service_that_is_gone_is_told_of(page: Page, playable: Path) -> None:
    page.route("**/predict?*", lambda route: route.abort())
    page.set_input_files("#file", playable)
    expect(page.locator(".problem .label")).to_have_text("The service cannot be reached")
    page.unroute("**/predict?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".bars li")).to_have_count(len(ACTIONS))


def test_work_can_be_cancelled(page: Page, playable: Path) -> None:
    page.route("**/predict?*", lambda route: None)
    page.set_input_files("#file", playable)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#work")).to_be_hidden()
    expect(page.locator("#choose")).to_be_focused()


def test_another_model_answers_once_it_is_chosen(page: Page, playable: Path) -> None:
    page.locator("#models summary").click()
    expect(page.locator(".model")).to_have_count(5)
    card = page.locator(".model", has_text="VideoXception C")
    metrics = DEFAULT.manifest.metrics
    assert metrics is not None
    expect(card).to_contain_text(f"{metrics.top1:.1%}".replace("%", " %"))
    card.click()
    expect(page.locator("#model-name")).to_have_text("VideoXception C")
    with page.expect_request("**/predict?*") as sent:
        page.set_input_files("#file", playable)
    assert f"model={DEFAULT.manifest.name}%40" in sent.value.url
    assert DEFAULT.manifest.name != NAME


def test_it_works_under_a_path(open_page: Callable[..., Page], service: httpx.Client, playable: Path) -> None:
    """As behind a proxy that takes the path away."""

    def strip(route: Route) -> None:
        route.continue_(url=route.request.url.replace("/under/a/path", ""))

    page = open_page(f"{service.base_url}/under/a/path/", strip)
    page.set_input_files("#file", playable)
    expect(page.locator(".bars li")).to_have_count(len(ACTIONS))


def test_the_theme_is_the_systems_until_another_is_chosen(page: Page) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert light != dark
    button = page.get_by_role("button", name="Dark theme")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    page.reload()
    assert page.evaluate(ground) == light
