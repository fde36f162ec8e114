"""Finished runs, measured on what they held out: in PyTorch, in f32, without being released."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from training.cache.datamodule import open_data_module
from training.cache.loader import Clips
from training.cache.pack_reader import is_pack
from training.config.data import DataConfig
from training.config.schema import Config
from training.data.dataset import DataSet
from training.errors import TrainingError
from training.evaluation.bootstrap import Floats, SourceVideos
from training.evaluation.calibration import ViewLogits, cross_fit
from training.evaluation.leakage import check_no_leakage, check_start_leakage
from training.evaluation.metrics import item_figures
from training.evaluation.paired_tests import FIGURES, RunMetrics
from training.model import checkpoint
from training.model.final_weights import final_network
from training.progress import track
from videoxception.clip import ClipSpec
from videoxception.nets.normalise import normalise
from videoxception.nets.planar import forward_fast

_BATCH = 16


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished run's network, what it is shown, the items that the run held out, and their clips."""

    folder: Path
    net: torch.nn.Module
    spec: ClipSpec
    held_out: DataSet
    clips: Clips

    def item_names(self) -> list[tuple[str, str, str]]:
        """Return what identifies the items on any machine: label, file stem, source video."""
        return [(item.label, item.path.stem, item.group) for item in self.held_out.items]

    def with_init_share(self, share: float) -> "FinishedRun":
        """Return the same run with that share of its first weights.

        Raises:
            TrainingError: it began with none.
        """
        config = checkpoint.read_config(self.folder)
        if not config.init:
            raise TrainingError(
                f"{self.folder} began with no other weights (--init), so --with-init-share is not for it"
            )
        return replace(self, net=final_network(self.folder, replace(config, init_share=share)))


def open_finished_run(folder: Path, cache: Path | None) -> FinishedRun:
    """Open a finished run, with the pixels of a cache or pack.

    Raises:
        TrainingError: it held nothing out, or has learnt from what it held out.
    """
    config = checkpoint.read_config(folder)
    library, split, _ = open_data_module(_for_cache(config, cache), cache).load()
    if not len(split.validation):
        raise TrainingError(f"{folder} held nothing out, so there is nothing to compare it on")
    if split.leaky:
        raise TrainingError(f"{folder} has learnt from the source videos that it held out ({split.protocol})")
    check_no_leakage(folder, split.validation.items)
    check_start_leakage(folder, split.validation.items, ())
    net, clips = final_network(folder, config), Clips(split.validation, library)
    return FinishedRun(folder, net, config.clip, split.validation, clips)


def _for_cache(config: Config, cache: Path | None) -> Config:
    """Return the config as it was given: a pack brings the data set, all but what is left out of it."""
    packed = cache is not None and is_pack(cache)
    own = DataConfig(fold=config.data.fold, unseen=config.data.unseen)
    return replace(config, data=own) if packed else config


@torch.inference_mode()
def measure(run: FinishedRun) -> RunMetrics:
    """Measure a run on the items that it held out of its classes.

    Raises:
        TrainingError: they are of a single source video, on which no temperature can be fitted.
    """
    batches = []
    for start in track(range(0, len(run.clips), _BATCH), str(run.folder)):
        # uint8 (B, F, H, W, 3) -> float (B, 3, F, H, W)
        clips = torch.from_numpy(run.clips[start : start + _BATCH]).permute(0, 4, 1, 2, 3).float() / 255
        clips = normalise(clips, run.spec)
        batches.append(forward_fast(run.net, clips)[:, None, : len(run.held_out.classes)].numpy())  # (B, 1 view, K)
    return RunMetrics(str(run.folder), run.held_out.items, _figures(np.concatenate(batches), run.held_out))


def _figures(logits: ViewLogits, held_out: DataSet) -> dict[str, Floats]:
    """Return the figures of each item, with a temperature that was fitted on items of other source videos."""
    fitted = cross_fit(logits, held_out.targets, SourceVideos(held_out.groups))
    if fitted is None:
        raise TrainingError("a single source video was held out; hold out more to fit a temperature on")
    figures = item_figures(fitted.probabilities, np.asarray(held_out.targets))
    return {name: figures[name] for name in FIGURES}
