"""Measure everything, or the named sections; print a table at the end and write JSON.

    python -m benchmarks.gpu [--json FILE] [--minutes 7.5] [--sections "card,ours a"]

Needs a GPU, torch with Triton, and of this project's libraries av, numpy, pydantic and safetensors; no network. The
section "decoding" encodes a synthetic video.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.gpu.report import goals, table
from benchmarks.gpu.rows import Row, failed
from benchmarks.gpu.sections import SECTIONS, Section
from benchmarks.gpu.timing import Setting

_LEAST = 5.0  # seconds; with less left, no section is started


def measure(sections: Sequence[Section], seconds: float) -> list[Row]:
    """Return all rows, including those of sections that failed or ran out of time."""
    end, rows = time.monotonic() + seconds, []
    for section in sections:
        left = end - time.monotonic()
        limit = min(section.limit, left)
        found = _run_apart(section, limit) if left > _LEAST else [failed(section.name, "all", "no time was left")]
        for row in found:
            print(row, flush=True)
        rows += found
    return rows


def _run_apart(section: Section, limit: float) -> list[Row]:
    """Run a section in a process of its own for at most `limit` seconds; return its rows."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--only", section.name]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, start_new_session=True)
        try:
            status = process.wait(limit)
            reason = f"ended with {status}"
        except subprocess.TimeoutExpired:
            status, reason = None, f"took longer than {limit:.0f} s"
        with contextlib.suppress(ProcessLookupError):  # its child processes, such as compilers, end with it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        output.seek(0)
        errors.seek(0)
        rows = [Row.from_json(line) for line in output if line.startswith("{") and line.endswith("}\n")]
        if status != 0:
            rows.append(failed(section.name, "the rest", f"{reason}: {_last_line(errors.read())}"))
        return rows


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=Path("gpu.json"), metavar="FILE", help="default: gpu.json")
    parser.add_argument("--minutes", type=float, default=7.5, help="for everything")
    parser.add_argument("--sections", default=",".join(section.name for section in SECTIONS), metavar="A,B")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    by_name = {section.name: section for section in SECTIONS}
    if options.only:
        for row in by_name[options.only].run(Setting()):
            print(row.to_json(), flush=True)
        return
    unknown = set(options.sections.split(",")) - set(by_name)
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(by_name)}")
    rows = measure([by_name[name] for name in options.sections.split(",")], options.minutes * 60)
    outcomes = [asdict(goal) | {"outcome": goal.outcome} for goal in goals(rows)]
    options.json.write_text(json.dumps({"rows": [asdict(row) for row in rows], "goals": outcomes}, indent=1))
    print(f"\n{table(rows)}\n\nwritten to {options.json}")


if __name__ == "__main__":
    main()
