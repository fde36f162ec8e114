"""Every architecture from training to an answer, at its reduced size: one row each.

    python -m benchmarks.smoke [NAME ...] [--folder smoke]

For each: `python -m training.run --recipe smoke --architecture NAME` trains on made videos and releases smoke-NAME into
a store of its own; a service with that store then answers `POST /predict?model=smoke-NAME`. Rows are kept in
FOLDER/rows.jsonl, and those that are there are skipped, so that a run can be stopped at any moment and the same command
goes on.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from benchmarks.service.client import prepare
from benchmarks.service.contestants import Contestant
from benchmarks.service.running import NotRunning, run
from training.data.synthetic_videos import make_videos
from videoxception.nets.registry import ARCHITECTURES
from videoxception.store import ModelStore, StoreError

_PATIENCE = 120.0  # seconds for an answer


@dataclass(frozen=True, slots=True)
class Row:
    """What came of an architecture: parameters, top-1 on held-out made videos, the answer, or what went wrong."""

    name: str
    seconds: float
    parameters: int = 0
    top1: float = 0.0
    answer: str = ""
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return f"| {self.name} | {self.seconds:.0f} | | | {self.error} |"
        return f"| {self.name} | {self.seconds:.0f} | {self.parameters:,} | {self.top1:.0%} | {self.answer} |"


def smoke(name: str, folder: Path) -> Row:
    """Train, release and ask one architecture."""
    begun = time.monotonic()
    own, data, released = folder / name, folder / "data", f"smoke-{name}"
    shutil.rmtree(own, ignore_errors=True)  # of a run that was stopped
    arguments = ["--recipe", "smoke", "--architecture", name, "--name", released, "--data", str(data)]
    places = ["--run", str(own), "--cache", str(own / "cache"), "--store", str(own / "store")]
    command = [sys.executable, "-m", "training.run", *arguments, *places, "--no-int8", "--device", "cpu"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    seconds = time.monotonic() - begun
    if ended.returncode:
        return Row(name, seconds, error=(ended.stderr.strip().splitlines() or ["no word"])[-1])
    try:
        manifest = ModelStore(built_in=own / "store").load(released).manifest
        answer = _ask(released, own / "store", min(data.glob("*/*.avi")))
    except (StoreError, NotRunning, httpx.HTTPError) as error:
        return Row(name, seconds, error=str(error).splitlines()[0])
    assert manifest.cost is not None
    assert manifest.metrics is not None
    return Row(name, seconds, manifest.cost.parameters, manifest.metrics.top1, answer)


def _ask(name: str, store: Path, video: Path) -> str:
    """Start a service with a store, and return its answer to a video. Raises `NotRunning` or `httpx.HTTPError`."""
    settings = {"VX_MODEL": name, "VX_MODEL_STORE": str(store.resolve()), "VX_DEVICE": "cpu", "VX_PORT": "{port}"}
    with run(Contestant(name, [sys.executable, "-m", "app"], settings), prepare(video)) as running:
        url = f"http://127.0.0.1:{running.port}/predict"
        response = httpx.post(url, params={"model": name}, content=video.read_bytes(), timeout=_PATIENCE)
    response.raise_for_status()
    said = response.json()
    assert said["model"]["name"] == name
    return f"{said['label']} ({said['confidence']:.0%})"


def main() -> None:
    """Run the command; exit with 1 if something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="(default: all)")
    parser.add_argument("--folder", type=Path, default=Path("smoke"), metavar="DIR", help="(default: smoke)")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - ARCHITECTURES.keys()):
        parser.error(f"no architecture is called {unknown[0]!r}")
    options.folder.mkdir(parents=True, exist_ok=True)
    make_videos(options.folder / "data")
    rows = options.folder / "rows.jsonl"
    done = {row.name: row for row in map(_row, rows.read_text().splitlines())} if rows.exists() else {}
    print("| architecture | seconds | parameters | top-1 | answer |\n| --- | --- | --- | --- | --- |", flush=True)
    for name in options.names or ARCHITECTURES:
        if name not in done or done[name].error:
            done[name] = smoke(name, options.folder)
            with rows.open("a") as file:
                file.write(json.dumps(asdict(done[name])) + "\n")
        print(done[name], flush=True)
    sys.exit(int(any(row.error for row in done.values())))


def _row(line: str) -> Row:
    return Row(**json.loads(line))


if __name__ == "__main__":
    main()
