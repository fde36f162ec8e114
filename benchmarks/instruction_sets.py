"""Each precision under each instruction set that this CPU can be limited to: CPU time, and agreement with f32.

    python -m benchmarks.instruction_sets --files DIR [--count 200] [--models videoxception-a ...] [--rounds 7]

DIR is a folder of stills, each shown as all frames of a clip, or of videos. OpenVINO's own kernels are limited by
OV_CPU_MAX_ISA and those of oneDNN by ONEDNN_MAX_CPU_ISA, in a process for each limit; a round times all of them in
turns. Frequencies, caches and the widths of units stay those of this CPU.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.service.machine import machine
from training.data.decode import read_clip
from training.data.readers.image_folder import is_still
from training.export.int8.agreement import agreement
from videoxception import golden
from videoxception.engine.base import Precision
from videoxception.engine.openvino import OpenVINOEngine, possible_precisions
from videoxception.store import ModelStore, Release

SETS: Mapping[str, str] = {  # oneDNN's names, and the feature that /proc/cpuinfo must have for each
    "AVX2": "avx2",
    "AVX2_VNNI": "avx_vnni",
    "AVX512_CORE": "avx512bw",
    "AVX512_CORE_VNNI": "avx512_vnni",
    "AVX512_CORE_BF16": "avx512_bf16",
    "AVX512_CORE_AMX": "amx_int8",
}
_BATCH = 2  # clips of a timed batch
_VIDEOS = (".avi", ".mp4", ".gif", ".webm", ".mov", ".mkv")


class Limited:
    """A process with one model under one limit, in every precision that is possible there."""

    def __init__(self, limit: str, release: Release) -> None:
        environment = os.environ | {"OV_CPU_MAX_ISA": limit, "ONEDNN_MAX_CPU_ISA": limit}
        command = [sys.executable, "-m", "benchmarks.instruction_sets", "--worker", str(release)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True)
        self.precisions: list[Precision] = self._answer()["precisions"]

    def seconds(self, precision: Precision) -> float:
        """Return the CPU seconds of a clip."""
        return float(self._ask({"time": precision})["seconds"])

    def logits(self, precision: Precision, clips: Path) -> Any:
        """Return the logits (N, K) of the clips in a file."""
        return np.asarray(self._ask({"logits": precision, "clips": str(clips)})["logits"], np.float32)

    def _ask(self, what: dict[str, str]) -> dict[str, Any]:
        assert self._process.stdin is not None
        print(json.dumps(what), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True, slots=True)
class Row:
    """A model in one precision under one limit: CPU milliseconds of a clip, and how near it is to f32 without one."""

    limit: str
    precision: Precision
    cpu_ms: float
    equal_labels: float
    change_p99: float
    golden_off: float


def measure(release: Release, limits: Sequence[str], clips: Path, rounds: int) -> list[Row]:
    """Measure a model under each limit; the last is the CPU's own."""
    with _processes(release, limits) as processes:
        times: dict[tuple[str, Precision], list[float]] = {}
        for _ in range(rounds):
            for limit, process in processes.items():
                for precision in process.precisions:
                    times.setdefault((limit, precision), []).append(process.seconds(precision))
        exact = processes[limits[-1]].logits("f32", clips)
        return [_row(release, processes[limit], limit, each, times[limit, each], exact, clips) for limit, each in times]


@contextmanager
def _processes(release: Release, limits: Sequence[str]) -> Iterator[dict[str, Limited]]:
    with ExitStack() as stack:
        processes = {}
        for limit in limits:
            processes[limit] = Limited(limit, release)
            stack.callback(processes[limit].close)
        yield processes


def _row(
    release: Release, process: Limited, limit: str, precision: Precision, times: list[float], exact: Any, clips: Path
) -> Row:
    manifest, logits = release.manifest, process.logits(precision, clips)
    near = agreement(exact, logits, len(manifest.classes), manifest.calibration.temperature)
    known = np.asarray(manifest.golden.logits, np.float32)
    off = golden.largest_difference(logits[: len(known)], manifest.golden.logits)
    return Row(limit, precision, median(times) * 1e3, near.equal_labels, near.change_p99, off)


def table(release: Release, rows: Sequence[Row]) -> str:
    """Format a table with a row for each limit and precision, and for each set that this CPU lacks."""
    lines = [
        f"| {release} | precision | CPU ms a clip | labels of f32 | change, 99 % of clips | golden logits off by |",
        "| --- |" + " --- |" * 5,
    ]
    for row in rows:
        near = f"{row.equal_labels:.1%} | {row.change_p99:.4f} | {row.golden_off:.4f}"
        lines.append(f"| {row.limit} | {row.precision} | {row.cpu_ms:.1f} | {near} |")
    missing = [name for name in SETS if name not in {row.limit for row in rows}]
    lines += [f"| {name} | | not measured | | | |" for name in missing]
    return "\n".join(lines)


def write_clips(release: Release, files: Sequence[Path], path: Path) -> None:
    """Write the golden clips and those of the files as one array, uint8 (N, F, H, W, 3)."""
    spec, answers = release.manifest.clip, release.manifest.golden
    drawn = golden.draw(spec, answers.seed, len(answers.logits))
    np.save(path, np.concatenate([drawn, *(read_clip(file, spec)[None] for file in files)]))


def chosen_files(folder: Path, count: int) -> list[Path]:
    """Return at most `count` of the stills and videos under a folder, at equal distances."""
    found = sorted(path for path in folder.rglob("*") if is_still(path) or path.suffix in _VIDEOS)
    return [found[i * len(found) // min(count, len(found))] for i in range(min(count, len(found)))]


def work(release: Release) -> None:
    """Answer a line of JSON for each on standard input: {"seconds"} of a clip, or {"logits"} of those in a file."""
    engines = {precision: OpenVINOEngine(release, precision) for precision in possible_precisions(release)}
    batch = golden.draw(release.manifest.clip, 0, _BATCH)
    for engine in engines.values():
        engine.predict(batch)
    print(json.dumps({"precisions": list(engines)}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "time" in asked:
            start = time.process_time()
            engines[asked["time"]].predict(batch)
            print(json.dumps({"seconds": (time.process_time() - start) / _BATCH}), flush=True)
        else:
            logits = engines[asked["logits"]].predict(np.load(asked["clips"], mmap_mode="r"))
            print(json.dumps({"logits": logits.tolist()}), flush=True)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path, metavar="DIR", help="folder of stills or videos")
    parser.add_argument("--count", type=int, default=200, help="files that are used (default: 200)")
    parser.add_argument("--models", nargs="+", default=sorted(ModelStore().versions()), help="default: all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(ModelStore().load(options.worker))
        return
    if options.files is None:
        parser.error("--files is needed")
    features = set(Path("/proc/cpuinfo").read_text().split())
    limits = [name for name, feature in SETS.items() if feature in features]
    print(machine(None), flush=True)
    files = chosen_files(options.files, options.count)
    for release in map(ModelStore().load, options.models):
        with tempfile.TemporaryDirectory() as folder:
            clips = Path(folder) / "clips.npy"
            write_clips(release, files, clips)
            print(f"\n{table(release, measure(release, limits, clips, options.rounds))}", flush=True)


if __name__ == "__main__":
    main()
