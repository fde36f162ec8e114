"""Posting a long video to the service, and reading its answer line by line."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx

_CHUNK = 2**20


def lines(port: int, path: Path, window: float, step: float) -> Iterator[dict[str, object]]:
    """Yield the lines of the answer as they come. Raises `RuntimeError` at a problem."""
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=None) as client,
        client.stream(
            "POST",
            "/predict",
            params={"window": window, "step": step},
            content=_chunks(path),
            headers={"Accept": "application/jsonl"},
        ) as response,
    ):
        for line in response.iter_lines():
            said = json.loads(line)
            if response.status_code != 200 or said["type"] == "problem":
                raise RuntimeError(line)
            yield said


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
