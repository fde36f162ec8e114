"""The network of one type without its head: where its weights come from, and what it gives for items."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from time import monotonic

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.bank.build import ViewedItem, averaged_frames, fill_bank, missing_views, viewed_items
from training.bank.exact import ExactBank
from training.bank.spec import spec_of
from training.bank.store import Bank
from training.bank.trunk import RunTrunk, trunk_runner, trunk_shape
from training.cache.build import prepare
from training.cache.loader import Library
from training.cache.location import locate
from training.config.clip import ClipConfig
from training.config.frozen import ALL_BUT_HEAD
from training.config.schema import AUTO, OF_FRAMES, Config
from training.data.dataset import DataSet
from training.errors import TrainingError
from training.model.build import build_network
from training.model.frozen import as_lite, frozen_names
from training.model.pretrained import first_weights
from training.model.resolve import resolve_trained
from training.own.clock import Clock
from training.own.heads import ViewFeatures
from videoxception.nets.fused_norms import round_for_bf16
from videoxception.store import Release

_LOGGER = logging.getLogger(__name__)
_ROUND = 2  # views of each item that are computed before the clock is looked at again
_TRIED = 3  # clips that the speed is measured on
_DRAWING = 1.3  # how much longer a view takes than a clip that is there


def config_of_type(config: Config, architecture: str) -> Config:
    """Return the config of one type, whose frames have the size of its clip.

    Raises `TrainingError` if --init names something that is not of that type, or no model of frames.
    """
    if config.init:
        config = _as_first(config)
        architecture = config.architecture
    clip = config.clip_shape.spec(architecture)
    stages = tuple(replace(stage, frames=1, size=clip.size[0]) for stage in config.stages)
    cache = replace(config.cache, cache_frames=config.cache.cache_frames or clip.frames)
    arguments = config.architecture_args or "temporal=false"
    return replace(config, architecture=architecture, architecture_args=arguments, stages=stages, cache=cache)


def types_of(config: Config) -> tuple[str, ...]:
    """Return the architectures to choose from, the most accurate first. Raises `TrainingError`."""
    if config.init:
        return (_as_first(config).architecture,)
    return OF_FRAMES if config.architecture == AUTO else (config.architecture,)


def _as_first(config: Config) -> Config:
    """Return the config with the architecture and the clip of the model that --init names."""
    first = resolve_trained(config.init)
    if not isinstance(first, Release):
        raise TrainingError(f"--init: {config.init} is a run's folder; name a released model, NAME[@VERSION]")
    made = first.manifest.architecture
    if config.architecture not in (AUTO, made.name):
        raise TrainingError(f"--init: {first} is a {made.name}, and --architecture asks for {config.architecture}")
    if made.name not in OF_FRAMES or made.arguments.get("temporal", True):
        raise TrainingError(
            f"--init: {first}, a {made.name}, does not see each frame by itself; name a model of type C or D that was"
            " trained with --architecture-args temporal=false"
        )
    clip = first.manifest.clip
    shape = ClipConfig(clip_frames=clip.frames, clip_size=clip.size[0])
    return replace(config, architecture=made.name, clip_shape=shape)


@dataclass
class Trunk:
    """One type's network without its head, as it will be served, with what it gave so far.

    Attributes:
        folder: of the run; caches and banks lie in it.
        library: the decoded files, once they are open.
        pace: seconds a clip, once they are measured.
    """

    config: Config
    folder: Path
    device: torch.device
    library: Library = field(init=False)
    pace: float = 0.0

    @cached_property
    def net(self) -> nn.Module:
        """The network, with a head of chance. Raises `TrainingError` if its weights are not there."""
        net = build_network(self.config)
        initial = first_weights(self.config, net)
        own = net.state_dict()
        fit = {k: v for k, v in (initial.weights if initial else {}).items() if k in own and v.shape == own[k].shape}
        if missing := set(frozen_names(net, ALL_BUT_HEAD)) - fit.keys():
            raise TrainingError(
                f"the weights to begin with lack {len(missing)} of {self.config.architecture}, such as {min(missing)};"
                " name others by --pretrained or --init"
            )
        net.load_state_dict(fit, strict=False)
        round_for_bf16(net, self.config.clip)
        return net.to(self.device).eval()

    @property
    def is_published(self) -> bool:
        """Whether all but the head is as published weights are, so that no clip of anybody's has left a trace in it."""
        if not self.config.init:
            return True
        published = Trunk(replace(self.config, init="", pretrained="auto"), self.folder, self.device)
        own, theirs = self.net.state_dict(), published.net.state_dict()
        return all(torch.equal(own[name], theirs[name]) for name in frozen_names(self.net, ALL_BUT_HEAD))

    @cached_property
    def _run(self) -> RunTrunk:
        return trunk_runner(as_lite(self.net), ALL_BUT_HEAD, self.config.stages[-1].size, self.device)

    def open(self, data: DataSet) -> dict[Path, str]:
        """Decode what is lacking of the files; return what is wrong with those that cannot be.

        Raises `TrainingError` if none can be decoded, or the disk is full.
        """
        folder = self.folder / f"cache-{self.config.clip.frames}x{self.config.clip.size[0]}"
        root = Path(self.config.data.data)
        folder, spec = locate(root, self.config.clip, self.config.cache, folder)
        self.library, bad = prepare(folder, spec, [item.path for item in data.items], skip_bad=True)
        return bad

    def seconds_for(self, data: DataSet) -> float:
        """Return how long the clips of a data set would take, by some of them."""
        tried = data.items[:: max(1, len(data) // _TRIED)][:_TRIED]
        clips = [self.library.clip(item.path) for item in tried]
        self._run(torch.zeros(1, 3, *self.config.clip.size))  # compiled before the clock runs
        started = monotonic()
        for clip in clips:
            self._run(torch.tensor(clip).permute(0, 3, 1, 2).float() / 255)
        self.pace = (monotonic() - started) / len(clips)
        return self.pace * len(data)

    def exact(self, data: DataSet) -> npt.NDArray[np.float32]:
        """Return the features (N, F, C) of the frames that a service would see; F is 1 if all are stills."""
        paths = [item.path for item in data.items]
        bank = ExactBank(self._banks, spec_of(self.config, self.net, self._shape))
        bank.fill(self._run, self.library, paths)
        stills = all(len(self.library.clip(path)) == 1 for path in paths)
        return np.stack(list(bank.frames(paths, 1 if stills else self.config.clip.frames)))

    def views(self, data: DataSet, clock: Clock) -> ViewFeatures | None:
        """Return features of as many views as the time allows, up to --views; None if there is none for any."""
        items = viewed_items(data, self.library, self.config)
        bank = Bank(self._banks, spec_of(self.config, self.net, self._shape, averaged_frames(items, self.config)))
        count = self._fill(bank, items, clock)
        keys = [(item.key, view % item.views) for item in items for view in range(count)]
        return ViewFeatures(bank.records(), bank.rows(keys).reshape(len(items), count)) if count else None

    def _fill(self, bank: Bank, items: Sequence[ViewedItem], clock: Clock) -> int:
        """Compute views by rounds while there is time; return how many all items have."""
        count, took, views = 0, _ROUND * _DRAWING * self.pace * len(items), self.config.frozen.views
        for wanted in sorted({*range(_ROUND, views, _ROUND), views} - {0}):
            some = [replace(item, views=min(wanted, item.views)) for item in items]
            if missing_views(bank, some):
                if clock.for_features < took:
                    _LOGGER.info(f"{count} views of each clip, for want of time ({clock})")
                    break
                started = monotonic()
                fill_bank(bank, self._run, some, self.config)
                took = monotonic() - started
            count = wanted
        return count

    @property
    def _banks(self) -> Path:
        return self.folder / "banks"

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        return trunk_shape(as_lite(self.net), ALL_BUT_HEAD, self.config.stages[-1].size)
