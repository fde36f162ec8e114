"""What Lighthouse makes of the page."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

LIGHTHOUSE = "lighthouse@12.8"  # the last that runs on Node 20
CATEGORIES = ("accessibility", "best-practices")


@pytest.fixture
def lighthouse(tmp_path: Path) -> Path:
    """The command, installed for this test alone."""
    if shutil.which("npm") is None:
        pytest.skip("Lighthouse is a package of npm, and there is no npm")
    install = ["npm", "install", "--no-audit", "--no-fund", "--prefix", tmp_path, LIGHTHOUSE]
    if (ended := subprocess.run(install, capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"Lighthouse could not be installed: {ended.stderr}")
    return tmp_path / "node_modules/.bin/lighthouse"


def test_lighthouse_finds_little_to_mend(lighthouse: Path, chromium: str, service: httpx.Client) -> None:
    command = [
        lighthouse,
        str(service.base_url),
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox",
        "--output=json",
        "--quiet",
    ]
    environment = os.environ | {"CHROME_PATH": chromium}
    report = json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    scores = {name: report["categories"][name]["score"] for name in CATEGORIES}
    assert all(score >= 0.95 for score in scores.values()), scores
