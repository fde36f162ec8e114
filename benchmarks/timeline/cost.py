"""What a timeline costs: beside decoding once and the inference of its windows, and beside the naive way.

    python -m benchmarks.timeline.cost [--model NAME[@V]] [--minutes 10] [--sample 20]

The naive way cuts a file for each window, by copying packets, and posts it. It is measured on a sample of the windows.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from benchmarks.service.client import Connection, prepare
from benchmarks.service.contestants import contestants
from benchmarks.service.machine import machine
from benchmarks.service.running import Running, exit_on_sigterm, run
from benchmarks.service.usage import cpu_seconds
from benchmarks.timeline.phone import phone_video
from benchmarks.timeline.post import lines
from tests.videos import make_video
from videoxception import engine as engines
from videoxception.engine import Engine
from videoxception.store import ModelStore

_WINDOW, _STEP = 3.0, 1.0
_BIT_RATE = 8_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, and of CPU."""

    wall: float
    cpu: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu)

    def times(self, factor: float) -> "Cost":
        """Return the cost of so many times as much."""
        return Cost(self.wall * factor, self.cpu * factor)


def measure(work: Callable[[], object], running: Running | None = None) -> Cost:
    """Return what work costs in this process, or in that of the service beside it."""

    def used() -> float:
        return time.process_time() if running is None else cpu_seconds(running.pid)

    start, cpu = time.monotonic(), used()
    work()
    return Cost(time.monotonic() - start, used() - cpu)


def decode_once(path: Path) -> None:
    """Decode every frame by PyAV's own loop, on one thread; nothing is done with them."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_count = 1
        for _ in container.decode(video=0):
            pass


def infer(engine: Engine, clip: np.ndarray, windows: int) -> None:
    """Compute so many clips, one by one."""
    for _ in range(windows):
        engine.predict(clip)


def cut(source: Path, target: Path, start: float) -> Path:
    """Copy the packets of a window, which begins with a key frame, into a file of their own."""
    with av.open(str(source)) as container, av.open(str(target), "w") as output:
        stream = container.streams.video[0]
        written = output.add_stream_from_template(stream)
        assert stream.time_base is not None
        first = Fraction(start) / stream.time_base
        container.seek(int(first), stream=stream)
        for packet in container.demux(stream):
            if packet.pts is None or (packet.pts - first) * stream.time_base >= _WINDOW:
                break
            packet.pts, packet.stream = packet.pts - int(first), written
            packet.dts = packet.pts  # there are no B-frames
            output.mux(packet)
    return target


def naive(running: Running, source: Path, folder: Path, starts: list[int]) -> Cost:
    """Return the cost of cutting and posting the windows that begin at these seconds."""
    total = Cost(0.0, 0.0)
    with Connection(running.port) as connection:
        for start in starts:
            made: list[Path] = []
            total += measure(lambda: made.append(cut(source, folder / "cut.mp4", start)))  # noqa: B023
            request = prepare(made[0])
            total += measure(lambda: connection.send(request), running)  # noqa: B023
    return total


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="videoxception-c", metavar="NAME[@V]")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--sample", type=int, default=20, help="windows that the naive way is measured on")
    options = parser.parse_args()
    exit_on_sigterm()
    print(machine(None), flush=True)
    release = ModelStore().load(options.model)
    engine, clip = engines.create(release, "cpu"), np.zeros((1, *release.manifest.clip.shape), np.uint8)
    engine.predict(clip)
    (ours,) = contestants(options.model, None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = phone_video(folder / "film.mp4", options.minutes, _BIT_RATE)
        windows = round(options.minutes * 60 / _STEP)
        short = make_video(folder / "short.mp4", "libx264", 60)
        with run(ours, prepare(short)) as running:
            list(lines(running.port, short, 1.0, 1.0))  # so that the decoder for long videos is up
            segments: list[object] = []
            timeline = measure(lambda: segments.extend(lines(running.port, film, _WINDOW, _STEP)), running)
            decoding, inference = measure(lambda: decode_once(film)), measure(lambda: infer(engine, clip, windows))
            starts = [k * (windows - 4) // options.sample for k in range(options.sample)]
            cuts = naive(running, film, folder, starts).times(windows / options.sample)
    once = decoding + inference
    print(f"{release}, {engine.precision}: {options.minutes:g} min of 720p, {len(segments) - 1} windows\n")
    print("| | seconds | seconds of CPU |\n| --- | --- | --- |")
    for what, cost in {
        "timeline, from its upload on": timeline,
        "decoding once": decoding,
        "inference of its windows": inference,
        f"cut and post each window (of {options.sample})": cuts,
    }.items():
        print(f"| {what} | {cost.wall:.1f} | {cost.cpu:.1f} |")
    print(
        f"\ntimeline / (decoding once + inference): {timeline.wall / once.wall:.2f}, CPU {timeline.cpu / once.cpu:.2f}"
    )
    print(f"naive / timeline: {cuts.wall / timeline.wall:.1f}, CPU {cuts.cpu / timeline.cpu:.1f}")


if __name__ == "__main__":
    main()
