"""Posts corrupted files to a running service and watches it: python -m tests.fuzz.harness --minutes 5 (scripts/fuzz 5).

Every answer must be 200 or a typed 4xx or 503. Good files are sent in between and must get their usual answers. At the
end all decoder processes must be up, no temporary file left, and the service's memory as it was.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.fuzz.mutate import corrupt
from tests.scheduling import undo_real_time
from tests.service import process
from tests.videos import make_video
from tests.waiting import until

_GOOD_EVERY = 20


@dataclass
class Findings:
    """What was seen."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    good: int = 0
    slowest: float = 0.0
    rss: list[tuple[int, int]] = field(default_factory=list)  # (uploads so far, KiB of the service)


def seed_files(folder: Path) -> list[bytes]:
    """Small made videos of many kinds, and the small ones of REAL_CLIPS_DIR."""
    kinds = {
        "a.avi": ("mpeg4", {}),
        "b.avi": ("mpeg4", {"options": {"bf": "2"}}),
        "c.mp4": ("libx264", {}),
        "d.mp4": ("libx264", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
        "e.mkv": ("libx265", {"options": {"x265-params": "log-level=none"}}),
        "f.webm": ("libvpx-vp9", {}),
        "g.webm": ("libvpx", {}),
        "h.ts": ("libx264", {}),
        "i.gif": ("gif", {"pixel_format": "rgb8"}),
        "j.avi": ("mjpeg", {"pixel_format": "yuvj420p"}),
        "k.mpg": ("mpeg2video", {}),
        "l.flv": ("flv", {}),
        "m.mkv": ("libsvtav1", {"options": {"preset": "12"}}),
    }
    made = [make_video(folder / name, codec, 30, moving=True, **how) for name, (codec, how) in kinds.items()]
    undo_real_time()
    real = Path(os.environ["REAL_CLIPS_DIR"]) if os.environ.get("REAL_CLIPS_DIR") else None
    found = sorted(p for name in ("clips", "clips_other", "zoo") for p in (real / name).rglob("*.*")) if real else []
    return [path.read_bytes() for path in [*made, *found] if 0 < path.stat().st_size < 600_000]


class _Fuzzer:
    def __init__(self, client: httpx.Client, seeds: list[bytes], findings: Findings, uploads: int, end: float) -> None:
        self._client = client
        self._seeds = seeds
        self._findings = findings
        self._lock = threading.Lock()
        self._left = uploads
        self._end = end
        self._expected = {n: self._answer(content) for n, content in enumerate(seeds)}

    def _post(self, content: bytes) -> httpx.Response:
        return self._client.post("/predict", content=content)

    def _answer(self, content: bytes) -> tuple[int, object]:
        response = self._post(content)
        return response.status_code, response.json().get("probabilities", response.json().get("type"))

    def run(self, seed: int) -> None:
        """Sends files until the number or the time is used up."""
        rng = random.Random(seed)
        while self._take():
            if rng.randrange(_GOOD_EVERY) == 0:
                self._send_good(rng)
            self._send_corrupted(rng)

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0 and time.monotonic() < self._end

    def _send_good(self, rng: random.Random) -> None:
        number = rng.randrange(len(self._seeds))
        right = self._answer(self._seeds[number]) == self._expected[number]
        with self._lock:
            self._findings.good += 1
            if not right:
                self._findings.wrong.append(f"seed file {number} got another answer than before")

    def _send_corrupted(self, rng: random.Random) -> None:
        content = corrupt(self._seeds, rng)
        start = time.monotonic()
        try:
            response = self._post(content)
            status, kind = response.status_code, response.json().get("type", "answer")
        except (httpx.TransportError, json.JSONDecodeError) as error:
            status, kind = 0, type(error).__name__
        with self._lock:
            self._findings.slowest = max(self._findings.slowest, time.monotonic() - start)
            self._findings.outcomes[f"{status} {str(kind).rpartition(':')[2]}"] += 1
            if status != 200 and not (400 <= status < 500 or status == 503):
                self._findings.wrong.append(f"{status} {kind}, {self._keep(content)}")

    def _keep(self, content: bytes) -> str:
        path = Path(tempfile.gettempdir()) / f"fuzz-{hash(content) & 0xFFFFFFFF:08x}"
        path.write_bytes(content)
        return str(path)


def fuzz(uploads: int, seconds: float, seed: int, threads: int = 4) -> Findings:
    """Post up to `uploads` corrupted files to a service of its own for at most `seconds`; look at what is left."""
    findings = Findings()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as kept:
        seeds = seed_files(Path(made))
        settings = {"VX_TEMP_DIR": kept, "VX_MAX_DECODING": "10", "VX_ANSWER_CACHE": "0"}
        with process(**settings) as (service, address), httpx.Client(base_url=address, timeout=120) as client:
            before = children(service.pid)
            fuzzer = _Fuzzer(client, seeds, findings, uploads, time.monotonic() + seconds)
            senders = [threading.Thread(target=fuzzer.run, args=(seed + n,)) for n in range(threads)]
            for sender in senders:
                sender.start()
            while any(sender.is_alive() for sender in senders):
                findings.rss.append((sum(findings.outcomes.values()), memory(service.pid)))
                time.sleep(1)
            findings.rss.append((sum(findings.outcomes.values()), memory(service.pid)))
            until(lambda: len(children(service.pid)) == len(before))  # some are being replaced
            if left := list(Path(kept).iterdir()):
                findings.wrong.append(f"temporary files are left: {left}")
            service.send_signal(signal.SIGTERM)
            if service.wait(30) != 0:
                findings.wrong.append(f"the service ended with {service.returncode}")
    return findings


def children(pid: int) -> list[str]:
    """The ids of a process's children."""
    return [child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def memory(pid: int) -> int:
    """The resident memory of a process, in KiB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--uploads", type=int, default=1_000_000, help="stop after so many, if they come first")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="(default: the time)")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    findings = fuzz(options.uploads, options.minutes * 60, options.seed)
    for outcome, count in findings.outcomes.most_common():
        print(f"{count:8}  {outcome}")
    print(f"{findings.good:8}  good files in between")
    print(f"slowest answer {findings.slowest:.1f} s; memory of the service (uploads, KiB):")
    step = max(1, len(findings.rss) // 10)
    print("  " + "  ".join(f"{done}: {rss}" for done, rss in [*findings.rss[::step], findings.rss[-1]]))
    print("\n".join(findings.wrong) or "nothing wrong")
    sys.exit(bool(findings.wrong))


if __name__ == "__main__":
    main()
