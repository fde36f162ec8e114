"""What trouble does to those who have none: python -m tests.fuzz.load kills|fairness.

kills: a random decoder process is killed every second for a minute while good files are posted.
fairness: good small files are timed alone, and again while 50 expensive uploads are in flight.
"""

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.fuzz.harness import children
from tests.service import process
from tests.videos import make_video


def good_files(folder: Path) -> list[bytes]:
    """Small files that any phone or camera might send."""
    kinds = {"a.avi": "mpeg4", "b.mp4": "libx264", "c.webm": "libvpx-vp9", "d.mkv": "libx264"}
    return [
        make_video(folder / name, codec, 100, size=(320, 240), moving=True).read_bytes()
        for name, codec in kinds.items()
    ]


def expensive_file(folder: Path) -> bytes:
    """Seconds of work in a small file: one group of 1080p frames that all refer to the one before."""
    options = {"preset": "ultrafast", "x264-params": "keyint=2000:scenecut=0"}
    path = make_video(folder / "expensive.mp4", "libx264", 600, size=(1920, 1080), options=options, moving=True)
    return path.read_bytes()


def ask(address: str, content: bytes) -> tuple[int, object, float]:
    """Status, probabilities or problem type, and seconds of one answer."""
    start = time.monotonic()
    response = httpx.post(f"{address}/predict", content=content, timeout=300)
    body = response.json()
    return response.status_code, body.get("probabilities", body.get("type")), time.monotonic() - start


def in_threads(number: int, work: Callable[[int], None]) -> list[threading.Thread]:
    """Starts `work(0)`, `work(1)`, ... each in a thread of its own."""
    threads = [threading.Thread(target=work, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    return threads


def kills(seconds: float) -> bool:
    """Whether every answer was right or a typed refusal, the pool was full afterwards and nothing was left."""
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as kept:
        files = good_files(Path(made))
        with process(VX_TEMP_DIR=kept, VX_ANSWER_CACHE="0") as (service, address):
            expected = [ask(address, content)[1] for content in files]
            full, end = len(children(service.pid)), time.monotonic() + seconds

            def post(seed: int) -> None:
                rng = random.Random(seed)
                while time.monotonic() < end:
                    n = rng.randrange(len(files))
                    status, said, _ = ask(address, files[n])
                    right = said == expected[n] if status == 200 else status < 500 or status == 503
                    outcomes[f"{status}{'' if right else ' WRONG'}"] += 1

            senders, killed = in_threads(4, post), 0
            while time.monotonic() < end:
                time.sleep(1)
                if pids := children(service.pid):
                    os.kill(int(random.choice(pids)), signal.SIGKILL)
                    killed += 1
            for sender in senders:
                sender.join()
            time.sleep(3)
            left = len(children(service.pid))
            files_left = list(Path(kept).iterdir())
    print(
        f"{killed} decoders killed; answers {dict(outcomes)}; decoders {left} of {full}; files left {len(files_left)}"
    )
    return not any("WRONG" in outcome for outcome in outcomes) and left == full and not files_left


def fairness(rounds: int) -> bool:
    """Whether p95 of good small files stays within three times its value without the expensive uploads."""
    with tempfile.TemporaryDirectory() as made, process(VX_MAX_IN_FLIGHT="128", VX_ANSWER_CACHE="0") as (_, address):
        files, expensive = good_files(Path(made)), expensive_file(Path(made))
        for content in files:
            ask(address, content)
        print(f"an expensive file alone takes {ask(address, expensive)[2]:.1f} s")
        alone = [ask(address, files[n % len(files)])[2] for n in range(rounds)]
        stop = threading.Event()

        def post_expensive(_: int) -> None:
            while not stop.is_set():
                ask(address, expensive)

        senders = in_threads(50, post_expensive)
        time.sleep(3)
        beside = [ask(address, files[n % len(files)]) for n in range(rounds)]
        stop.set()
        assert all(status == 200 for status, _, _ in beside)
        loaded = [seconds for _, _, seconds in beside]
        for name, times in (("alone", alone), ("beside 50 expensive uploads", loaded)):
            print(f"{name}: median {statistics.median(times) * 1e3:.0f} ms, p95 {_p95(times) * 1e3:.0f} ms")
        print(f"p95 ratio {_p95(loaded) / _p95(alone):.2f}")
        for sender in senders:
            sender.join()
    return _p95(loaded) <= 3 * _p95(alone)


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kills", "fairness"])
    options = parser.parse_args()
    met = kills(60) if options.what == "kills" else fairness(200)
    print("met" if met else "missed")
    sys.exit(not met)


if __name__ == "__main__":
    main()
