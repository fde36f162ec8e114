"""CPU time of ten frames of a video, this project beside its peers, on the same files in one run.

    python -m benchmarks.decode --peers PYTHON [--files DIR ...] [--rounds 7]
    python -m benchmarks.decode --before CHECKOUT --files DIR ... [--rounds 21]

PYTHON is an interpreter whose environment has torchcodec, decord and opencv-python-headless (docs/how-to/benchmark.md
says how to make it); --files are folders of videos, measured beside synthetic ones. Every round runs each method once
on each file. CHECKOUT is a folder with another commit of this project, and its .venv: only that is measured then.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.decoders import METHODS
from tests.videos import make_video

_OURS = ("ours", "pyav")
_SAME = 8.0  # levels of mean colour that scalers may differ by; the marks of synthetic frames differ by 21 or more


class Runner:
    """A process that runs one method."""

    def __init__(self, python: str, method: str, checkout: Path | None = None) -> None:
        command, pipe = [python, "-m", "benchmarks.decoders", method], subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=checkout, stdin=pipe, stdout=pipe, text=True)

    def run(self, path: Path) -> dict[str, object]:
        """Return the method's result for a file: {cpu, wall, means} or {error}."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        result: dict[str, object] = json.loads(line) if line else {"error": "the process died"}
        return result


def make_files(folder: Path) -> list[Path]:
    """Make synthetic videos like real uploads: two with B-frames, two like a phone's with a key frame a second."""
    fast, phone = {"preset": "veryfast"}, {"preset": "ultrafast", "bf": "0"}
    new_phone = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=25:min-keyint=25:scenecut=0:bframes=0"}
    return [
        make_video(
            folder / "360p-10s-bframes.mp4", "libx264", 250, size=(640, 360), options=fast, gop=250, moving=True
        ),
        make_video(
            folder / "1080p-10s-bframes.mp4", "libx264", 250, size=(1920, 1080), options=fast, gop=250, moving=True
        ),
        make_video(
            folder / "1080p-60s-phone.mp4", "libx264", 1500, size=(1920, 1080), options=phone, gop=25, moving=True
        ),
        make_video(
            folder / "4k-6s-hevc-phone.mp4", "libx265", 150, size=(3840, 2160), options=new_phone, gop=25, moving=True
        ),
    ]


def runners_of(peers: str | None, before: Path | None) -> dict[str, Runner]:
    """Return the methods to be measured, ours first."""
    if before is not None:
        python = str(before.resolve() / ".venv/bin/python")
        return {"ours": Runner(sys.executable, "ours"), "before": Runner(python, "ours", before)}
    runners = {name: Runner(sys.executable, name) for name in _OURS}
    if peers:
        runners |= {name: Runner(peers, name) for name in METHODS if name not in _OURS}
    return runners


def measure(
    runners: dict[str, Runner], files: list[Path], rounds: int
) -> dict[str, dict[str, list[dict[str, object]]]]:
    """Return {file: {method: [result of each round]}}; a warm-up round is left out."""
    results: dict[str, dict[str, list[dict[str, object]]]] = {f.name: {name: [] for name in runners} for f in files}
    for count in range(rounds + 1):
        for path in files:
            for name in list(runners)[:: 1 if count % 2 else -1]:
                result = runners[name].run(path)
                if count > 0:
                    results[path.name][name].append(result)
    return results


def table(results: dict[str, dict[str, list[dict[str, object]]]]) -> str:
    """Format the medians of CPU milliseconds, in brackets the median of the ratios ours / peer over rounds."""
    names = list(next(iter(results.values())))
    lines = ["| file | " + " | ".join(names) + " |", "| --- |" + " --- |" * len(names)]
    for file, by_name in results.items():
        lines.append(f"| {file} | " + " | ".join(_cell(by_name, name) for name in names) + " |")
    return "\n".join(lines)


def _cell(by_name: dict[str, list[dict[str, object]]], name: str) -> str:
    if any("error" in result for result in by_name[name]):
        return "fails"
    cpu = [float(str(result["cpu"])) for result in by_name[name]]
    shown = f"{statistics.median(cpu) * 1e3:.1f}"
    if name == "ours":
        return shown
    ratios = [float(str(ours["cpu"])) / other for ours, other in zip(by_name["ours"], cpu, strict=True)]
    return f"{shown} ({statistics.median(ratios):.2f}){'' if _same(by_name, name) else ' !'}"


def _same(by_name: dict[str, list[dict[str, object]]], name: str) -> bool:
    ours, theirs = by_name["ours"][0]["means"], by_name[name][0]["means"]
    assert isinstance(ours, list)
    assert isinstance(theirs, list)
    return len(ours) == len(theirs) and all(
        abs(a - b) < _SAME for x, y in zip(ours, theirs, strict=True) for a, b in zip(x, y, strict=True)
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter of the peers' environment")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another commit of this project")
    parser.add_argument("--files", type=Path, metavar="DIR", nargs="+", default=[], help="folders of videos")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = sorted(p.resolve() for place in options.files for p in place.rglob("*.*") if p.suffix != ".tsv")
        made = [] if options.before else make_files(Path(folder))
        print(table(measure(runners_of(options.peers, options.before), [*found, *made], options.rounds)))
    print("\nCPU ms, medians; (ours / theirs, paired); ! means other frames than ours")


if __name__ == "__main__":
    main()
