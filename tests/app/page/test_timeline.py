"""The timeline of a long video, from an answer that was written down: a strip that seeks where one clicks."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

PARTS = [
    {"start": 0.0, "end": 8.0, "label": "PlayingCello", "confidence": 0.9},
    {"start": 8.0, "end": 12.0, "label": None, "confidence": 0.3},
    {"start": 12.0, "end": 20.0, "label": "TennisSwing", "confidence": 0.8},
]


@pytest.fixture
def strip(page: Page, service: httpx.Client, long_video: Path) -> Iterator[Page]:
    """The page with the answer to a long video."""
    body = service.post("/predict", content=long_video.read_bytes()).json()
    segments = [{"type": "segment", **part, "known": part["label"] is not None} for part in PARTS]
    lines = [*segments, {"type": "result", **body, "segments": segments, "timeline": PARTS}]

    def answer(route: Route) -> None:
        assert route.request.headers["accept"] == "application/jsonl"
        assert "window=auto" in route.request.url
        text = "".join(json.dumps(line) + "\n" for line in lines)
        route.fulfill(headers={"Content-Type": "application/jsonl"}, body=text)

    page.route("**/predict?*", answer)
    page.set_input_files("#file", long_video)
    expect(page.locator(".block")).to_have_count(len(PARTS))
    return page


def time(page: Page) -> float:
    """Where the player is."""
    return float(page.locator("#player video").evaluate("(video) => video.currentTime"))


def test_parts_are_where_and_as_long_as_they_were_said_to_be(strip: Page) -> None:
    whole = strip.locator(".strip").bounding_box()
    assert whole is not None
    for block, part in zip(strip.locator(".block").all(), PARTS, strict=True):
        box = block.bounding_box()
        assert box is not None
        assert (box["x"] - whole["x"]) / whole["width"] == pytest.approx(part["start"] / 20, abs=0.01)
        assert box["width"] / whole["width"] == pytest.approx((part["end"] - part["start"]) / 20, abs=0.01)
    assert strip.locator(".parts li").all_inner_texts()[1].split("\n")[-1] == "None of these"


def test_a_click_seeks_to_where_it_is(strip: Page) -> None:
    box = strip.locator(".strip").bounding_box()
    assert box is not None
    strip.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 10)
    assert time(strip) == pytest.approx(15, abs=0.2)
    expect(strip.locator(".parts [aria-current]")).to_contain_text("Tennis swing")


def test_keys_go_along_the_strip_and_seek(strip: Page) -> None:
    strip.locator(".block").first.focus()
    strip.keyboard.press("ArrowRight")
    expect(strip.get_by_role("button", name="0:08 to 0:12: None of these")).to_be_focused()
    strip.keyboard.press("ArrowRight")
    strip.keyboard.press("Enter")
    assert time(strip) == pytest.approx(12, abs=0.01)


def test_the_list_of_parts_seeks_too(strip: Page) -> None:
    strip.locator(".parts button").nth(1).click()
    assert time(strip) == pytest.approx(8, abs=0.01)


def test_an_answer_that_breaks_off_is_told_as_the_problem_that_it_ends_with(page: Page, long_video: Path) -> None:
    lines = [
        {"type": "segment", **PARTS[0]},
        {"type": "problem", "problem": "urn:videoxception:problem:deadline", "title": "late", "detail": "busy"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    answer = {"headers": {"Content-Type": "application/jsonl"}, "body": text}
    page.route("**/predict?*", lambda route: route.fulfill(**answer))
    page.set_input_files("#file", long_video)
    expect(page.locator(".problem .label")).to_have_text("The answer took too long")
