"""The service against its own OpenAPI description, with requests that schemathesis makes up from it."""

import re
import subprocess
import sysconfig
from pathlib import Path

import httpx

from tests.service import process
from tests.waiting import LONG

_TOOL = str(Path(sysconfig.get_path("scripts")) / "schemathesis")
# A video is more than its schema can say: what is made up is refused, and that is right.
_OPTIONS = "--phases examples,coverage,fuzzing --max-examples 100 --seed 1 --checks all --no-color"
_UNSUITABLE = "--exclude-checks positive_data_acceptance"


def test_no_made_up_request_makes_a_server_error_or_an_answer_that_is_not_described(tmp_path: Path) -> None:
    with process() as (_, address):
        httpx.post(f"{address}/predict?window=auto", content=b"x", timeout=LONG)  # starts the decoder of long videos
        command = [_TOOL, "run", f"{address}/openapi.json", *_OPTIONS.split(), *_UNSUITABLE.split()]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stdout
    assert "Unresolvable references" not in said.stdout
    assert re.search(r"Selected: (\d+)/\1\s+Tested: \1\b", said.stdout), said.stdout
