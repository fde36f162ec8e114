"""The machine's throughput without HTTP: clips decoded by the pool and inferred, back to back.

    python -m benchmarks.service.ceiling --seconds 10 FILE...

Prints JSON {answers, seconds, cpu}. It has as many decoder processes as the service, the same engine, and enough files
submitted ahead that neither waits for the other; all clips that are decoded by then form one batch.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from app.settings import Settings
from benchmarks.service.load import passes
from benchmarks.service.usage import cpu_seconds
from videoxception import engine as engines
from videoxception.clip import ClipSpec
from videoxception.engine import Engine
from videoxception.store import ModelStore
from videoxception.video.job import Job
from videoxception.video.pool import DecoderPool

_AHEAD = 4  # files submitted ahead for each decoder


def ceiling(paths: Sequence[Path], seconds: float, model: str) -> dict[str, float]:
    """Measure in a process of its own; return {answers, seconds, cpu}."""
    command = [sys.executable, "-m", "benchmarks.service.ceiling", "--seconds", str(seconds), *map(str, paths)]
    environment = os.environ | {"VX_MODEL": model, "VX_DEVICE": "cpu"}
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(output)
    return figures


def answer_all(paths: Iterator[Path], pool: DecoderPool, engine: Engine, spec: ClipSpec, ahead: int) -> int:
    """Classify all files, `ahead` of them in flight; return their number. Raises a bad file's `VideoError`."""
    decoded: SimpleQueue[Job] = SimpleQueue()

    def submit() -> int:
        path = next(paths, None)
        if path is None:
            return 0
        job = pool.submit(path.open("rb"), spec)
        job.done.add_done_callback(lambda _: decoded.put(job))
        return 1

    answered, in_hand = 0, sum(submit() for _ in range(ahead))
    while in_hand:
        ready = [decoded.get() for _ in range(max(1, decoded.qsize()))]
        in_hand += sum(submit() for _ in ready) - len(ready)
        engine.predict(np.stack([job.done.result().frames for job in ready]))
        for job in ready:
            job.file.close()
        answered += len(ready)
    return answered


def _whole_passes(paths: Sequence[Path], seconds: float) -> Iterator[Path]:
    end, endless = time.monotonic() + seconds, passes(paths, 0)
    while time.monotonic() < end:
        for _ in paths:
            yield next(endless)


def main() -> None:
    """Run the command. The first pass over the files is a warm-up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    options = parser.parse_args()
    settings = Settings()
    release = ModelStore.from_path(settings.model_store).load(settings.model)
    engine, spec = engines.create(release, settings.device, settings.precision), release.manifest.clip
    ahead = settings.decoders * _AHEAD
    with DecoderPool(settings.decoders) as pool:
        answer_all(iter(options.files), pool, engine, spec, ahead)
        start, used = time.monotonic(), cpu_seconds(os.getpid())
        answers = answer_all(_whole_passes(options.files, options.seconds), pool, engine, spec, ahead)
        seconds, used = time.monotonic() - start, cpu_seconds(os.getpid()) - used
    print(json.dumps({"answers": answers, "seconds": seconds, "cpu": used}))


if __name__ == "__main__":
    main()
