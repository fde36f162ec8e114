"""Train on a folder of one's own actions: `videoxception train DIR`, which is `python -m training.run DIR`."""

import logging
from dataclasses import replace
from pathlib import Path

import torch

from training import recipes
from training.config.data import DataConfig
from training.config.schema import Config
from training.data.found_groups import COLUMN
from training.data.groups import read_groups
from training.data.loading import open_dataset
from training.errors import TrainingError
from training.find_groups import find_groups
from training.model import checkpoint
from training.own.clock import Clock
from training.own.flow import train_own
from training.own.material import open_own_folder
from training.own.task import Task
from training.releases import check_name
from videoxception.store import check_writable

_LOGGER = logging.getLogger(__name__)
_OF_OWN = {
    *("--data", "--name", "--classes", "--auxiliary", "--auxiliary-data", "--groups", "--group-pattern"),
    *("--architecture", "--architecture-args", "--init", "--pretrained", "--clip-frames", "--clip-size", "--stages"),
    *("--views", "--auxiliary-views", "--cache-frames", "--cache-size", "--seed", "--dropout", "--skip-bad"),
    *("--lr", "--warmup", "--weight-decay", "--label-smoothing", "--min-area", "--aspect", "--angle", "--still-prob"),
    *("--cut-prob", "--drift", "--flip", "--brightness", "--contrast", "--saturation", "--tint", "--gray-prob"),
    *("--erase-prob", "--rand-ops", "--rand-magnitude", "--rand-drift", "--downscale-prob", "--compress-prob"),
}
"""Options that mean something with a folder of one's own."""


def train_folder(folder: str, config: Config, run: Path, store: Path, minutes: float, device: torch.device) -> None:
    """Train on a folder of one's own actions, and release the model. What was computed before is taken up.

    Args:
        config: what the options say, beginning with the recipe `own`.
        run: the run's folder; decoded frames and features are kept in it.
        minutes: for everything.

    Raises:
        TrainingError: the folder, an option or the disk does not do.
        StoreError: nothing can be released into the store.
    """
    clock = Clock(minutes)
    config = _own_config(config, folder)
    config = replace(config, data=open_own_folder(config.data).config)
    check_writable(store)
    check_name(store, config.model_name, config.data.classes)
    config, doubt = with_found_groups(config, run)
    train_own(config, Task(run, store, clock, device, doubt))


def with_found_groups(config: Config, run: Path) -> tuple[Config, str]:
    """Return the config with a table of source videos, and why accuracy by them may be flattered; "" if it is not."""
    data = config.data
    if data.groups or data.group_pattern:
        return config, ""
    table, doubt = run / "groups.tsv", run / "groups-doubt.txt"
    own = replace(data, auxiliary=(), auxiliary_data="") if data.auxiliary_data else data
    if not (doubt.exists() and _names_all(table, own)):
        found = find_groups(own)
        for line in found.describe():
            _LOGGER.info(line)
        run.mkdir(parents=True, exist_ok=True)
        found.write(table, Path(data.data))
        doubt.write_text(found.upper_bound)
    return replace(config, data=replace(data, groups=f"{table.absolute()}:{COLUMN}")), doubt.read_text()


def _names_all(table: Path, data: DataConfig) -> bool:
    """Return whether a table of an earlier start has all clips that are there now."""
    root = Path(data.data)
    names = {item.path.relative_to(root).as_posix() for item in open_dataset(data).part(None).items}
    return table.exists() and names <= read_groups(f"{table.absolute()}:{COLUMN}", root).rows.keys()


def _own_config(config: Config, folder: str) -> Config:
    """Return the config for a folder of one's own actions.

    Raises `TrainingError` for options that mean nothing there.
    """
    chosen = replace(config, data=replace(config.data, data=folder))
    if taken := [name for name in checkpoint.differences(recipes.own(), chosen) if name not in _OF_OWN]:
        raise TrainingError(
            f"{', '.join(taken)}: means nothing with a folder of one's own; python -m training.run --layout folders"
            " --data DIR takes it"
        )
    return with_auxiliary_folder(chosen)


def with_auxiliary_folder(config: Config) -> Config:
    """Return the config with the classes of the folder that --auxiliary names, or the folder itself as one class."""
    names = config.data.auxiliary
    if len(names) != 1 or config.data.auxiliary_data:
        return config
    folder = Path(names[0])
    if not folder.is_dir():
        raise TrainingError(f"--auxiliary {folder} is no folder; name one with clips that show none of the classes")
    has_classes = any(path.is_dir() for path in folder.iterdir())
    place, auxiliary = (folder, ("all",)) if has_classes else (folder.absolute().parent, (folder.absolute().name,))
    return replace(config, data=replace(config.data, auxiliary_data=str(place), auxiliary=auxiliary))
