"""Many videos: a table, and the table as CSV."""

import csv
import io
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.videos import make_video
from videoxception import ACTIONS


@pytest.fixture
def files(tmp_path: Path, playable: Path) -> list[Path]:
    """Two videos, one with a name that a spreadsheet would take for a formula, and a file that is none."""
    bad = tmp_path / "notes, of old.mp4"
    bad.write_text("no video")
    return [playable, make_video(tmp_path / "=1+1.mp4", "libx264", 20), bad]


def test_several_files_fill_a_table_and_a_csv(page: Page, service: httpx.Client, files: list[Path]) -> None:
    page.get_by_role("link", name="Many videos").click()
    page.set_input_files("#files", files)
    expect(page.locator("#tally")).to_have_text("3 of 3 done, 1 without an answer")
    expect(page.locator("#rows tr", has_text="notes, of old.mp4")).to_contain_text("not a video")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    table = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert [row["file"] for row in table] == ["clip.mp4", "'=1+1.mp4", "notes, of old.mp4"]
    assert [row["problem"] for row in table] == ["", "", "not-a-video"]
    for row, file in zip(table[:2], files, strict=False):
        body = service.post("/predict", content=file.read_bytes()).json()
        assert {name: float(row[name]) for name in ACTIONS} == body["probabilities"]
        assert (row["label"], float(row["confidence"]), row["sha256"]) == (
            body["label"],
            body["confidence"],
            body["sha256"],
        )
        assert row["known"] == str(body["known"]).lower()


def test_a_file_of_the_table_can_be_looked_at_closer(page: Page, playable: Path) -> None:
    page.get_by_role("link", name="Many videos").click()
    page.set_input_files("#files", [playable])
    expect(page.locator("#tally")).to_have_text("1 of 1 done")
    page.get_by_role("button", name="clip.mp4").click()
    expect(page.locator("#one .bars li")).to_have_count(len(ACTIONS))


def test_what_is_stopped_is_not_sent(page: Page, playable: Path) -> None:
    sent: list[str] = []
    page.route("**/predict", lambda route: sent.append(route.request.url))
    page.get_by_role("link", name="Many videos").click()
    page.set_input_files("#files", [playable] * 5)
    expect(page.locator("#rows").get_by_text("In line")).to_have_count(2)  # three are sent at a time
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#rows").get_by_text("Stopped")).to_have_count(3)
    assert len(sent) == 3
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#results")).to_be_hidden()
