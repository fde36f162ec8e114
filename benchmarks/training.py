"""Clips a second of the training loop from its cache, beside a plain DataLoader that decodes every epoch anew.

    python -m benchmarks.training --data DIR --groups FILE:COLUMN [--layout folders] [--epochs 3] [--device cpu]

Both train the same network on the same videos at the same size with the same batch, in one run, an epoch of one after
an epoch of the other. The DataLoader does as torchvision's reference for video classification does: each worker opens
the file, decodes all of it into a tensor, picks its frames, resizes, mirrors and crops them, every time.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from training.cache.datamodule import open_data_module
from training.cache.loader import FrameLoader
from training.config.data import DataConfig
from training.config.schema import Config
from training.config.stages import parse_stages
from training.model.build import build_network
from training.model.train_state import TrainState, new_train_state
from training.trainer.amp import autocast
from training.trainer.log import EpochReport
from training.trainer.loop import TrainContext, train
from training.trainer.runtime import keep_heap

_FRAMES = 10


class PlainVideos(Dataset[tuple[Tensor, int]]):
    """Decodes a whole video whenever it is asked for one clip of it."""

    def __init__(self, paths: list[Path], targets: list[int], size: int) -> None:
        self._paths = paths
        self._targets = targets
        self._size = size

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        """Decode a video; return a clip (3, T, H, W) in 0..1 and its class index."""
        frames = _read_all(self._paths[row])  # (N, H, W, 3)
        chosen = frames[torch.linspace(0, len(frames) - 1, _FRAMES).long()]
        clip = chosen.permute(0, 3, 1, 2).float() / 255
        room = round(self._size * 1.15)
        clip = F.interpolate(clip, (room, room * 4 // 3), mode="bilinear", antialias=True)
        clip = clip.flip(3) if torch.rand(()) < 0.5 else clip
        top, left = (int(torch.randint(side - self._size + 1, ())) for side in clip.shape[2:])
        clip = clip[:, :, top : top + self._size, left : left + self._size]
        return clip.transpose(0, 1), self._targets[row]


def _read_all(path: Path) -> Tensor:
    import av
    import numpy as np

    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return torch.from_numpy(np.stack(frames))


def plain_epochs(state: TrainState, loader: DataLoader[Any], device: torch.device) -> Iterator[EpochReport]:
    """Yield reports of endless epochs of the plain loop: the plain network, no cache, no planar form."""
    while True:
        start, waited, losses = time.monotonic(), 0.0, []
        state.net.train()
        batches = iter(loader)
        for _ in range(len(loader)):
            asked = time.monotonic()
            clips, targets = next(batches)
            waited += time.monotonic() - asked
            with autocast(device, state.net):
                loss = F.cross_entropy(state.net(clips.to(device)).float(), targets.to(device))
            state.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            state.optimizer.step()
            losses.append(loss.item())
        state.epoch += 1
        seconds = time.monotonic() - start
        yield EpochReport(state.epoch, statistics.mean(losses), 0.0, seconds, waited / seconds, None)


def table(clips: int, ours: list[EpochReport], plain: list[EpochReport]) -> str:
    """Format a row for each loop, and the ratio of their medians. The first epoch is a warm-up and is left out."""
    lines = ["| loop | clips/s | share of time waiting for data |", "| --- | --- | --- |"]
    rates = []
    for name, reports in (
        ("our loop, from the cache", ours),
        ("plain DataLoader, decodes every epoch", plain),
    ):
        rates.append(clips / statistics.median(report.seconds for report in reports[1:]))
        waited = statistics.median(report.waited for report in reports[1:])
        lines.append(f"| {name} | {rates[-1]:.1f} | {waited:.1%} |")
    return "\n".join([*lines, "", f"ratio {rates[0] / rates[1]:.2f}; goal: waiting below 5 %"])


def measure(config: Config, epochs: int, workers: int, device: torch.device, cache: Path) -> str:
    """Measure the config's first stage for `epochs` epochs after a warm-up epoch; return the table."""
    config = replace(config, stages=(replace(config.stages[0], epochs=epochs + 1),))
    data = open_data_module(config, cache)
    library, split, _ = data.load()
    config, stage = data.config, data.config.stages[0]
    frames = FrameLoader.of(split.training, library)
    paths = [item.path for item in split.training.items]
    videos = PlainVideos(paths, split.training.targets, stage.size)
    loader = DataLoader(videos, stage.batch, shuffle=True, num_workers=workers, drop_last=True, persistent_workers=True)
    states = [new_train_state(build_network(config).to(device), config.optimizer) for _ in range(2)]
    ours, plain = (
        train(TrainContext(states[0], config, frames, device=device)),
        plain_epochs(states[1], loader, device),
    )
    pairs = [(next(ours), next(plain)) for _ in range(epochs + 1)]
    return table(len(frames), [pair[0] for pair in pairs], [pair[1] for pair in pairs])


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR")
    parser.add_argument("--layout", default="folders")
    parser.add_argument("--groups", default="", metavar="FILE:COLUMN")
    parser.add_argument("--architecture", default="videoxception-a")
    parser.add_argument("--size", type=int, default=64, help="height and width of the clips (default: 64)")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=3, help="epochs of each that are measured (default: 3)")
    parser.add_argument("--workers", type=int, default=2, help="of the DataLoader (default: 2)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    keep_heap()
    config = Config(
        architecture=options.architecture,
        stages=parse_stages(f"1x{_FRAMES}x{options.size}x{options.batch}"),
        data=DataConfig(data=options.data, layout=options.layout, groups=options.groups, classes=("all",), holdout=0),
    )
    with tempfile.TemporaryDirectory() as folder:
        print(measure(config, options.epochs, options.workers, torch.device(options.device), Path(folder) / "cache"))


if __name__ == "__main__":
    main()
