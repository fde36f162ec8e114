"""The memory of the service and its decoders while a long film is answered.

python -m benchmarks.timeline.memory [--model NAME[@V]] [--hours 2] [--window 3] [--step 1]
"""

import argparse
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.service.client import prepare
from benchmarks.service.contestants import contestants
from benchmarks.service.machine import machine
from benchmarks.service.running import Running, exit_on_sigterm, run
from benchmarks.service.usage import tree
from benchmarks.timeline.phone import phone_video
from benchmarks.timeline.post import lines
from tests.videos import make_video

_BIT_RATE = 1_200_000
_EVERY, _SHOWN = 30, 600  # windows between looks, and between those that are printed


def resident(pid: int) -> list[float]:
    """Return the resident MiB of a process and of its descendants."""
    found = []
    for each in tree(pid):
        with suppress(OSError):  # it has ended
            status = Path(f"/proc/{each}/status").read_text()
            found.append(int(status.partition("VmRSS:")[2].split()[0]) / 1024)
    return found


def look(running: Running, film: Path, window: float, step: float) -> None:
    """Post the film to its end, and print the memory on the way as the rows of a table."""
    begun, peaks = time.monotonic(), (0.0, 0.0, 0.0)
    for number, said in enumerate(lines(running.port, film, window, step), 1):
        if number % _EVERY == 1 or said["type"] == "result":
            service, *decoders = resident(running.pid)
            now = (service, max(decoders), service + sum(decoders))
            peaks = tuple(map(max, peaks, now))  # type: ignore[assignment]
            if number % _SHOWN == 1 or said["type"] == "result":
                seconds = time.monotonic() - begun
                print(f"| {number} | {seconds:.0f} | {' | '.join(f'{size:.0f}' for size in now)} |", flush=True)
    print(f"| the most | | {' | '.join(f'{size:.0f}' for size in peaks)} |", flush=True)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="videoxception-c", metavar="NAME[@V]")
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--window", type=float, default=3)
    parser.add_argument("--step", type=float, default=1)
    options = parser.parse_args()
    exit_on_sigterm()
    print(machine(None), flush=True)
    (ours,) = contestants(options.model, None)
    with tempfile.TemporaryDirectory() as folder:
        film = phone_video(Path(folder) / "film.mp4", options.hours * 60, _BIT_RATE)
        print(f"the film has {film.stat().st_size / 2**20:.0f} MiB\n", flush=True)
        with run(ours, prepare(make_video(Path(folder) / "short.mp4", "libx264", 60))) as running:
            print("| windows | seconds | service, MiB | largest decoder | all processes |")
            print("| --- | --- | --- | --- | --- |", flush=True)
            look(running, film, options.window, options.step)


if __name__ == "__main__":
    main()
