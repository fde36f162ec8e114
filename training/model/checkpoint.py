"""A run's folder: config.json, checkpoint.pt, log.jsonl. What is in it is whole, also after a kill at any moment."""

import json
import os
from pathlib import Path
from typing import Any

import torch

from training.atomic_write import replace_atomically, write_atomically
from training.config.schema import Config, config_from_json
from training.errors import TrainingError
from training.model.train_state import TrainState


def open_run(folder: Path, config: Config, resume: bool) -> None:
    """Make the folder and write the config, or check that an existing run was made by the same config.

    Raises `TrainingError` if a run is there already and `resume` is false, or was started differently.
    """
    saved = folder / "config.json"
    if not (folder / "checkpoint.pt").exists():  # nothing was trained yet that could be lost
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(saved, config.to_json().encode())
    elif not resume:
        raise TrainingError(f"{folder} holds a run already; add --resume to go on with it, or name another with --run")
    elif differing := differences(read_config(folder), config):
        raise TrainingError(
            f"{folder} was started with other options: {', '.join(differing)}; repeat those that it was started with"
            f" (--config {saved} has them), or name another folder with --run"
        )


def differences(old: Config, new: Config) -> list[str]:
    """List the options in which two configs differ, by name."""
    before, now = json.loads(old.to_json()), json.loads(new.to_json())
    flat = [(name, before[name], now[name]) for name in now if not isinstance(now[name], dict)]
    for section in (name for name in now if isinstance(now[name], dict)):
        flat += [(name, before[section].get(name), value) for name, value in now[section].items()]
    return [f"--{name.replace('_', '-')}" for name, was, is_now in flat if was != is_now]


def read_config(folder: Path) -> Config:
    """Read the config that a run was started with. Raises `TrainingError`."""
    try:
        return config_from_json((folder / "config.json").read_text())
    except OSError as error:
        raise TrainingError(f"{folder} is not a run's folder: {error.strerror}: {folder / 'config.json'}") from error


def save(folder: Path, state: TrainState, keep: int = 1) -> None:
    """Write the checkpoint so that either the old or the new one is there, whole.

    With `keep` above 1, the newest few are also kept beside it, as checkpoint-EPOCH.pt.
    """
    temporary = folder / "checkpoint.partial"
    torch.save(
        {
            "epoch": state.epoch,
            "step": state.step,
            "net": state.net.state_dict(),
            "average": state.average.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "projection": state.projection.state_dict() if state.projection else None,
        },
        temporary,
    )
    if keep > 1:
        _keep(temporary, folder / f"checkpoint-{state.epoch:05}.pt", keep)
    replace_atomically(temporary, folder / "checkpoint.pt")


def _keep(written: Path, kept: Path, newest: int) -> None:
    """Give a checkpoint a second name, under which it stays when the next one comes; delete the oldest of them."""
    kept.unlink(missing_ok=True)
    os.link(written, kept)
    for old in sorted(kept.parent.glob("checkpoint-*.pt"))[:-newest]:
        old.unlink()


def restore(folder: Path, state: TrainState, device: torch.device) -> bool:
    """Load the folder's checkpoint into `state`; return False if there is none yet."""
    checkpoint = read_checkpoint(folder, device)
    if checkpoint is None:
        return False
    state.net.load_state_dict(checkpoint["net"])
    state.average.load_state_dict(checkpoint["average"])
    state.optimizer.load_state_dict(checkpoint["optimizer"])
    if state.projection:
        state.projection.load_state_dict(checkpoint["projection"])
    state.epoch, state.step = checkpoint["epoch"], checkpoint["step"]
    return True


def read_checkpoint(folder: Path, device: torch.device) -> dict[str, Any] | None:
    """Return the checkpoint's dictionary, or None if there is none. Raises `TrainingError` if it cannot be read."""
    path = folder / "checkpoint.pt"
    if not path.exists():
        return None
    try:
        loaded: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise TrainingError(f"{path} is damaged ({error}); remove it to start the run again") from error
    return loaded
