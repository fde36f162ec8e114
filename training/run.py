"""Trains a model and releases it.

    python -m training.run --layout ucf101 --data UCF-101 --lists ucfTrainTestlist
                                                               UCF-101's videos, official lists
    python -m training.run --layout folders --data DIR         class folders of videos
    python -m training.run --layout stills --data DIR          class folders of pictures

Checkpoints and the log are kept in the run's folder; a run that was stopped goes on with --resume.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training import checkpoint
from training.boards import open_board
from training.config import Config, Stage
from training.data import Split, load_split, with_classes
from training.errors import TrainingError
from training.footage import load_clips, load_footage
from training.loop import EpochReport, autocast, new_state, train
from training.options import add_options, config_from_options
from training.plots import draw_or_say, draw_run
from training.start import fresh_network
from videoxception.clip import ClipSpec, Frames
from videoxception.nets.planar import forward_fast
from videoxception.store import StoreError


def main() -> None:
    """The command `python -m training.run`."""
    try:
        options = _parse()
        config = config_from_options(options)
        folder = Path(options.run or f"runs/{config.model_name}")
        trained = run(config, folder, options.resume, _device(options.device))
        if not trained:
            print(f"{folder} was finished already; python -m training.publish {folder} releases it again")
        elif options.publish:
            _publish(folder, Path(options.store))
    except (TrainingError, StoreError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nstopped; the same command with --resume goes on after the last whole epoch")


def _publish(folder: Path, store: Path) -> None:
    try:
        from training.publish import publish
    except ImportError as error:  # a machine for training alone
        print(f"not released here, for want of {error.name}; elsewhere: python -m training.publish {folder}")
    else:
        publish(folder, store)


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise TrainingError(f"the device {name!r} cannot be used: {str(error).splitlines()[0]}") from error
    return device


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--run", metavar="DIR", help="folder of the run (default: runs/<name of the model>)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    parser.add_argument("--device", default=device, help=f"cpu, cuda or cuda:N (default: {device})")
    parser.add_argument("--store", metavar="DIR", default="model_store", help="model store to release into")
    parser.add_argument(
        "--publish", action=argparse.BooleanOptionalAction, default=True, help="release the model when it is trained"
    )
    add_options(parser)
    return parser.parse_args()


def run(config: Config, folder: Path, resume: bool, device: torch.device) -> bool:
    """Trains to the config's last epoch, saving after each; false if that was done before. Raises `TrainingError`."""
    spec = ClipSpec()
    config = dataclasses.replace(config, data=with_classes(config.data))
    split = load_split(config.data, config.seed)
    state = new_state(fresh_network(config).to(device), config.optimiser)
    checkpoint.open_run(folder, config, resume)
    if checkpoint.restore(folder, state, device):
        print(f"resuming after epoch {state.epoch} of {config.epochs}")
        if state.epoch == config.epochs:
            return False
    last = config.stages[-1]
    if (last.pictures, last.size) != (spec.frames, spec.size[0]):
        print(f"warning: the last stage, {last}, is not of the {spec.frames} pictures of {spec.size[0]} pixels that")
        print("         the released model will be shown")
    _say_parts(split)
    footage, skipped = load_footage(split.training, spec, config.data.skip_bad)
    validate = None
    if len(split.validation):
        clips, kept, skipped_too = load_clips(split.validation, spec, config.data.skip_bad)
        skipped += skipped_too
        validate = _Validation(clips, torch.tensor(kept.targets), device)
    with open_board(folder) as show:
        for report in train(state, config, footage, validate, device):
            checkpoint.save(folder, state)
            checkpoint.log(folder, report)
            show(report)
            print(_line(report, config), flush=True)
    for line in skipped:
        print(f"skipped {line}")
    draw_or_say(lambda: draw_run(folder))
    return True


class _Validation:
    """Top-1 on the held-out clips, at the size of the stage: something to watch while training, not a result."""

    def __init__(self, clips: Frames, targets: Tensor, device: torch.device) -> None:
        self._clips = clips
        self._targets = targets
        self._device = device

    @torch.inference_mode()
    def __call__(self, net: nn.Module, stage: Stage) -> float:
        net.eval()
        right = 0
        for start in range(0, len(self._clips), stage.batch):
            rows = slice(start, start + stage.batch)
            clips = _as_stage(self._clips[rows], stage).to(self._device)
            with autocast(self._device):
                right += int((forward_fast(net, clips).argmax(1).cpu() == self._targets[rows]).sum())
        return right / len(self._clips)


def _as_stage(frames: Frames, stage: Stage) -> Tensor:
    """Clips uint8 (B, F, H, W, 3) -> float (B, 3, T, S, S): pictures spread over the clip, of the stage's size."""
    numbers = (2 * np.arange(stage.pictures) + 1) * frames.shape[1] // (2 * stage.pictures)
    pictures = torch.from_numpy(np.ascontiguousarray(frames[:, numbers])).permute(0, 1, 4, 2, 3).float() / 255
    flat = pictures.flatten(0, 1)
    if flat.shape[2] != stage.size:
        flat = F.interpolate(flat, (stage.size, stage.size), mode="bilinear", antialias=True)
    return flat.view(*pictures.shape[:3], stage.size, stage.size).transpose(1, 2)


def _say_parts(split: Split) -> None:
    for name, part in (("training", split.training), ("held out", split.validation)):
        print(f"{name}: {len(part)} items of {len(set(part.groups))} source videos, {len(part.classes)} classes")
    print(f"protocol: {split.protocol}")
    for note in split.notes:
        print(f"note: {note}")


def _line(report: EpochReport, config: Config) -> str:
    seen = "" if report.validation is None else f"  held-out top-1 {report.validation:6.1%}"
    done = f"epoch {report.epoch:3}/{config.epochs}  {config.stage(report.epoch - 1).pictures} pictures"
    return f"{done}  loss {report.loss:.3f}  lr {report.lr:.2e}  {report.seconds:.0f} s{seen}"


if __name__ == "__main__":
    main()
